package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

const (
	makeLimit  = 30 * time.Second       // to make a network or a container
	readyLimit = 15 * time.Second       // for a fake to answer
	look       = 10 * time.Millisecond  // between looks for that
	try        = 100 * time.Millisecond // of one: where a container was not a moment ago, a first packet is lost
)

// box is one fake in a container of its own, on an internal network of its own.
type box struct {
	docker
	run     *run
	name    string // us-east-1, idp, kms: unique in the run
	fake    string // as Serve knows it
	gateway netip.Addr
	control *control.Client

	at        atomic.Pointer[netip.Addr] // of the container, which changes with its life
	transport *http.Transport
	proxy     http.Handler
	ask       *http.Client // a line of its own, so that a canary waits for nobody
}

func newBox(d docker, r *run, name, fake string) *box {
	b := &box{docker: d, run: r, name: name, fake: fake}
	b.at.Store(&netip.Addr{})
	b.transport = b.line()
	b.control = &control.Client{
		Base:  func() string { return "http://control.test:" + controlPort },
		Token: r.secret, HTTP: &http.Client{Transport: b.line()},
	}
	b.ask = &http.Client{Transport: b.line()}
	b.proxy = system.Whole(maxRequest, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "fake.test:"+servicePort
			r.Out.Host = r.In.Host
		},
		Transport: b.transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "Nothing answers behind this host.", http.StatusBadGateway)
		},
	})
	return b
}

// ServeHTTP passes a request on to the fake, wherever its container is now.
func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.proxy.ServeHTTP(w, r) }

// Call tells the fake a verb.
func (b *box) Call(ctx context.Context, verb string, argument, result any) error {
	return b.control.Call(ctx, verb, argument, result)
}

// maxRequest bounds the body of a request: the largest is a directory that is replicated.
const maxRequest = 32 << 20

// line is connections to the container, wherever it is now, whatever host they are asked for.
func (b *box) line() *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			if !b.at.Load().IsValid() {
				return nil, errors.New("the container has no address")
			}
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(b.at.Load().String(), port))
		},
		DisableCompression: true, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute,
	}
}

// container and network are named alike.
func (b *box) full() string { return b.run.prefix() + b.name }

// up makes the network and the container, each pushed on back before it is there, and waits until the fake answers.
func (b *box) up(ctx context.Context, image string, back *rollback.Stack) error {
	if err := b.join(ctx, back); err != nil {
		return err
	}
	undo := func(ctx context.Context) error { b.hangUp(); return b.removeContainer(ctx, b.run.thing(b.full())) }
	if _, err := back.Push(b.run.intent(kindContainer, b.full()), undo); err != nil {
		return err
	}
	if err := b.create(ctx, image); err != nil {
		return err
	}
	return b.found(ctx)
}

// join makes the network.
func (b *box) join(ctx context.Context, back *rollback.Stack) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	undo := func(ctx context.Context) error { return b.removeNetwork(ctx, b.run.thing(b.full())) }
	if _, err := back.Push(b.run.intent(kindNetwork, b.full()), undo); err != nil {
		return err
	}
	// What is begun is waited for whatever becomes of ctx: a thing that appears after its undo would stay.
	making, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeLimit)
	defer cancel()
	options := client.NetworkCreateOptions{Driver: "bridge", Internal: true, Labels: b.run.labels(b.name)}
	_, err := b.NetworkCreate(making, b.full(), options)
	if err != nil {
		return lack(fmt.Errorf("making network %s: %w", b.full(), err))
	}
	b.gateway, err = b.docker.gateway(making, b.full())
	return err
}

// create makes and starts the container. It may do nothing but answer.
func (b *box) create(ctx context.Context, image string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	making, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeLimit)
	defer cancel()
	env := map[string]string{TokenVariable: b.run.secret, "GOMAXPROCS": "2"}
	if b.fake == system.FakeReplica {
		env[RecordsVariable] = recordsFolder
	}
	_, err := testcontainers.Run(making, image,
		testcontainers.WithName(b.full()),
		testcontainers.WithLabels(b.run.labels(b.name)),
		testcontainers.WithCmd(b.fake),
		testcontainers.WithEnv(env),
		network.WithNetworkName([]string{b.name}, b.full()),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			// A replica's records are in its container, so that they outlive its process and go with it.
			h.ReadonlyRootfs = b.fake != system.FakeReplica
			h.CapDrop, h.SecurityOpt = []string{"ALL"}, []string{"no-new-privileges"}
		}))
	if err != nil {
		return lack(fmt.Errorf("starting container %s: %w", b.full(), err))
	}
	return nil
}

// found waits until the container has an address and the fake answers there, or until it is known that it won't.
func (b *box) found(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for {
		state, err := b.ContainerInspect(ctx, b.full(), client.ContainerInspectOptions{})
		if err != nil {
			return lack(fmt.Errorf("looking for container %s: %w", b.full(), err))
		}
		if c := state.Container; c.State != nil && !c.State.Running {
			return &harness.Lack{Sentence: fmt.Sprintf("container %s died while it started (exit code %d): %s",
				b.full(), c.State.ExitCode, b.words(ctx))}
		} else if net := c.NetworkSettings.Networks[b.full()]; net != nil && net.IPAddress.IsValid() {
			b.at.Store(&net.IPAddress)
			trying, stop := context.WithTimeout(ctx, try)
			err = b.Ask(trying)
			stop()
			if err == nil || errors.Is(err, errUnready) {
				return nil
			}
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return fmt.Errorf("waiting for container %s to answer: %w", b.full(), errors.Join(ctx.Err(), err))
		}
	}
}

func (b *box) words(ctx context.Context) string {
	if said := b.lastWords(ctx, b.full()); said != "" {
		return said
	}
	return "it said nothing"
}

// errUnready is a fake that runs and doesn't serve yet.
var errUnready = errors.New("it doesn't serve yet")

// Ask puts one request to the fake's health page.
func (b *box) Ask(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://fake.test:"+servicePort+"/", nil)
	if err != nil {
		return err
	}
	r.Host = healthHost
	response, err := b.ask.Do(r)
	if err != nil {
		return fmt.Errorf("asking %s: %w", b.name, err)
	}
	switch err := response.Body.Close(); {
	case err != nil:
		return fmt.Errorf("asking %s: %w", b.name, err)
	case response.StatusCode == http.StatusServiceUnavailable:
		return fmt.Errorf("asking %s: %w", b.name, errUnready)
	case response.StatusCode != http.StatusNoContent:
		return fmt.Errorf("asking %s: it says %s", b.name, response.Status)
	}
	return nil
}

// hangUp forgets connections that lead to where the container was.
func (b *box) hangUp() {
	b.transport.CloseIdleConnections()
	b.control.HTTP.CloseIdleConnections()
	b.ask.CloseIdleConnections()
}
