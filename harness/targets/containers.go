package targets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/fabric"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// TokenVariable is the environment variable by which a container learns the token of its control API.
const TokenVariable = "REGIONDRILL_CONTROL_TOKEN"

// containers runs the fakes of the lab as containers on this machine's Docker engine, each on an internal network of its
// own. The fabric stays in this process: clients, rules and proofs are the lab's. TLS ends at its edge, which passes
// requests on to where a container is at that moment; what a replica sends out leaves by a door that listens at the
// gateway of its own network, and asks for a password of the run.
type containers struct{}

func newContainers() harness.Target { return containers{} }

// Can tells that it carries all faults.
func (containers) Can() harness.Capabilities {
	return harness.Capabilities{Handles: harness.AllHandles(), Services: system.Services(),
		Calls: fabric.Operations()}
}

// Ready says what is in the way: no engine, no right to use it, no program for the containers, or what a killed run has
// left.
func (c containers) Ready(ctx context.Context) error {
	d, err := connect(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := staticBinary(); err != nil {
		return err
	}
	left, err := d.residue(ctx)
	if err == nil && len(left) > 0 {
		return &harness.Lack{Sentence: fmt.Sprintf("a killed run has left %s; remove it first: regiondrill recover",
			strings.Join(namesOf(left), ", "))}
	}
	return err
}

// compound is a system in containers while it is put up.
type compound struct {
	*system.Site
	docker docker
	run    *run
	back   *rollback.Stack
	boxes  map[string]*box // by name: the Regions, idp and kms
	trust  identitycenter.IdPTrust

	keyARNs map[string]string // of the key's replicas, by Region
}

// Provision puts the containers up, all at once, then configures them in the order in which they need each other.
func (c containers) Provision(ctx context.Context, t harness.Topology, back *rollback.Stack) (*harness.System, error) {
	signer := system.NewSigner()
	if err := c.Ready(ctx); err != nil {
		return nil, err
	}
	d, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return d.Close() }); err != nil {
		return nil, err
	}
	if err := prepare(ctx, d); err != nil {
		return nil, err
	}
	if t, err = withKMS(ctx, t, back); err != nil {
		return nil, err
	}
	site, err := system.NewSite(system.NewDesign(t), back)
	if err != nil {
		return nil, err
	}
	m := &compound{Site: site, docker: d, run: newRun(), back: back, boxes: map[string]*box{}}
	for _, step := range []func(context.Context) error{m.up, m.keys, func(ctx context.Context) error { return m.provider(ctx, signer) }, m.regions} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return m.System, nil
}

var prepareOnce sync.Mutex

// prepare makes testcontainers quiet, and leaves Ryuk out where its image isn't here: it would be pulled.
func prepare(ctx context.Context, d docker) error {
	prepareOnce.Lock()
	defer prepareOnce.Unlock()
	tclog.SetDefault(tclog.NewNoopLogger())
	const variable = "TESTCONTAINERS_RYUK_DISABLED"
	if _, said := os.LookupEnv(variable); said {
		return nil
	}
	if _, err := d.ImageInspect(ctx, testcontainers.ReaperDefaultImage); err == nil { //nolint:staticcheck // nothing else tells which image would be pulled
		return nil
	}
	if err := os.Setenv(variable, "true"); err != nil {
		return fmt.Errorf("leaving Ryuk out: %w", err)
	}
	return nil
}

// up starts all containers.
func (m *compound) up(ctx context.Context) error {
	image, err := m.docker.image(ctx)
	if err != nil {
		return err
	}
	for _, region := range m.Topology.Regions() {
		m.boxes[region] = newBox(m.docker, m.run, region, "replica")
	}
	m.boxes["idp"] = newBox(m.docker, m.run, "idp", "idp")
	if b := m.Topology.KMS.Backend; b == "" || b == system.KMSEmbedded {
		m.boxes["kms"] = newBox(m.docker, m.run, "kms", "kms")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return together(m.boxes, func(b *box) error {
		err := b.up(ctx, image, m.back)
		if err != nil {
			cancel() // the others needn't go on
		}
		return err
	})
}

// together does something with all of them at once. Its error is the first that isn't for the others' sake.
func together(boxes map[string]*box, do func(*box) error) error {
	var doing sync.WaitGroup
	errs := make(chan error, len(boxes))
	for _, b := range boxes {
		doing.Go(func() { errs <- do(b) })
	}
	doing.Wait()
	close(errs)
	var first error
	for err := range errs {
		if err != nil && (first == nil || errors.Is(first, context.Canceled)) {
			first = err
		}
	}
	return first
}

// keys puts KMS up and makes the key in it.
func (m *compound) keys(ctx context.Context) error {
	if b, ours := m.boxes["kms"]; ours {
		c := m.KMS()
		var hosts []string
		if err := b.control.Call(ctx, "configure", kmsSettings{c.Account, c.CreatingFor, c.Principals, m.Topology.Regions()},
			&hosts); err != nil {
			return fmt.Errorf("starting KMS: %w", err)
		}
	}
	err := m.ServeKMS(m.back, func(string) http.Handler { return m.boxes["kms"].proxy })
	if err != nil {
		return err
	}
	m.keyARNs, err = m.MakeKey(ctx, m.back)
	return err
}

// provider sets the identity provider up.
func (m *compound) provider(ctx context.Context, signer func() (*pki.Signer, error)) error {
	made, err := signer()
	if err != nil {
		return err
	}
	settings, err := newIdPSettings(m.IdP(made))
	if err != nil {
		return err
	}
	var said trust
	if err := m.boxes["idp"].control.Call(ctx, "configure", settings, &said); err != nil {
		return fmt.Errorf("starting the identity provider: %w", err)
	}
	m.trust = system.Trust(said.EntityID, said.SSOURL, made.Cert)
	m.System.Provider = m.NewProvider(func(ctx context.Context, acs []idp.ACS) error {
		return m.boxes["idp"].control.Call(ctx, "acs", acs, nil)
	})
	return m.Serve(settings.Host, names.IdPPlace, "idp", m.boxes["idp"].proxy)
}

// regions sets the replicas up and waits until all hold the directory.
func (m *compound) regions(ctx context.Context) error {
	replicas := map[string]*replica{}
	m.System.Power, m.System.Attach = map[string]harness.Power{}, map[string]harness.Attach{}
	for i, region := range m.Topology.Regions() {
		r, err := m.replica(ctx, i)
		if err != nil {
			return err
		}
		replicas[region] = r
		m.System.Power[region], m.System.Attach[region] = r, r
	}
	for _, r := range replicas { // each listens before any sends
		if err := r.control.Call(ctx, "start", control.None{}, nil); err != nil {
			return fmt.Errorf("starting %s: %w", r.name, err)
		}
	}
	e := edition{Directory: m.Directory}
	if err := replicas[m.Topology.Primary].control.Call(ctx, "put", e.Directory, &e.Version); err != nil {
		if strings.Contains(err.Error(), "proxyconnect") {
			return &harness.Lack{Sentence: fmt.Sprintf("the container in %s can't reach this machine at the gateway of its network; does a firewall drop what comes from Docker's networks?", m.Topology.Primary), Err: err}
		}
		return fmt.Errorf("filling the directory in %s: %w", m.Topology.Primary, err)
	}
	for _, r := range replicas {
		if err := r.control.Call(ctx, "wait", e.Version, nil); err != nil {
			return fmt.Errorf("waiting for the directory in %s: %w", r.name, err)
		}
		r.held = e
	}
	return nil
}

// replica configures the i-th Region and puts its names up.
func (m *compound) replica(ctx context.Context, i int) (*replica, error) {
	config := m.Replica(i, m.trust, m.keyARNs[m.Topology.Regions()[i]])
	b := m.boxes[config.Region]
	door, err := m.Fabric.DoorAt(config.Region, b.gateway, m.run.secret)
	if err != nil {
		return nil, &harness.Lack{Sentence: fmt.Sprintf("this machine can't listen at %s, the gateway of a Docker network: is the engine on another machine, or rootless? "+
			"The containers target needs one that runs here as root (%v)", b.gateway, err), Err: err}
	}
	r := &replica{box: b, settings: newReplicaSettings(config, door, m.System.RootPEM)}
	hosts, err := r.configure(ctx)
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		if err := m.Serve(host, config.Region, m.Service(config.Region, host), b.proxy); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// replica is a Region's container, with what must be told to it when it starts anew.
type replica struct {
	*box
	settings replicaSettings
	held     edition
}

// bare tells whether somebody else started the container: it runs and could answer, but nobody told it what to serve.
func (r *replica) bare(ctx context.Context, c container.InspectResponse) bool {
	if c.State.Paused || c.NetworkSettings.Networks[r.full()] == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 10*try) // a busy one is not bare
	defer cancel()
	return r.Ask(ctx) != nil
}

func (r *replica) configure(ctx context.Context) ([]string, error) {
	var hosts []string
	if err := r.control.Call(ctx, "configure", r.settings, &hosts); err != nil {
		return nil, fmt.Errorf("starting identity center in %s: %w", r.name, err)
	}
	return hosts, nil
}

func (r *replica) own() thing { return r.run.thing(r.full()) }

// Kill ends the process with SIGKILL.
func (r *replica) Kill(ctx context.Context) error {
	found, ok, err := r.its(ctx, r.own())
	if err != nil || ok && !found.Container.State.Running {
		return err
	}
	if _, err = r.ContainerKill(ctx, r.full(), client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		return fmt.Errorf("killing container %s: %w", r.full(), err)
	}
	return nil
}

// Start starts it again, gives it back what its disk would have kept, the directory, and waits until it serves. Sessions
// that were open are gone. It takes 0.3 s, and up to a second more where the kernel is still asking for the address that
// was gone: it asks once a second.
func (r *replica) Start(ctx context.Context) error {
	found, ok, err := r.its(ctx, r.own())
	if err != nil || ok && found.Container.State.Running && !r.bare(ctx, found.Container) {
		return err
	}
	r.hangUp()
	if err := r.docker.start(ctx, r.own()); err != nil {
		return err
	}
	if err := r.found(ctx); err != nil {
		return err
	}
	if _, err := r.configure(ctx); err != nil {
		return err
	}
	if err := r.control.Call(ctx, "restore", r.held, nil); err != nil {
		return fmt.Errorf("starting identity center in %s: %w", r.name, err)
	}
	if err := r.control.Call(ctx, "start", control.None{}, nil); err != nil {
		return fmt.Errorf("starting identity center in %s: %w", r.name, err)
	}
	return nil
}

// Pause freezes it.
func (r *replica) Pause(ctx context.Context) error {
	found, ok, err := r.its(ctx, r.own())
	if err != nil || ok && found.Container.State.Paused {
		return err
	}
	if _, err = r.ContainerPause(ctx, r.full(), client.ContainerPauseOptions{}); err != nil {
		return fmt.Errorf("pausing container %s: %w", r.full(), err)
	}
	return nil
}

// Unpause thaws it.
func (r *replica) Unpause(ctx context.Context) error { return r.unpause(ctx, r.own()) }

// Disconnect takes it off its network, and so off every other: it has only the one.
func (r *replica) Disconnect(ctx context.Context) error {
	found, ok, err := r.its(ctx, r.own())
	if err != nil || ok && found.Container.NetworkSettings.Networks[r.full()] == nil {
		return err
	}
	if _, err = r.NetworkDisconnect(ctx, r.full(),
		client.NetworkDisconnectOptions{Container: r.full(), Force: true}); err != nil {
		return fmt.Errorf("disconnecting container %s: %w", r.full(), err)
	}
	return nil
}

// Connect puts it back on its network and finds out where it is now.
func (r *replica) Connect(ctx context.Context) error {
	if err := r.docker.connect(ctx, r.own()); err != nil {
		return err
	}
	r.hangUp()
	return r.found(ctx)
}

// Starting, Unpausing and Connecting are what another process needs.
func (r *replica) Starting() rollback.Intent   { return r.run.intent(kindStart, r.full()) }
func (r *replica) Unpausing() rollback.Intent  { return r.run.intent(kindUnpause, r.full()) }
func (r *replica) Connecting() rollback.Intent { return r.run.intent(kindConnect, r.full()) }
