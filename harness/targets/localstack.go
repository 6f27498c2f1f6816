package targets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

const (
	// localStackImage is the last of LocalStack that asks for no token: nothing has been mended in it since 2026-03-23,
	// when its repository was archived. The digest is that of the tag's image for all platforms.
	localStackImage = "localstack/localstack:4.14.0@" +
		"sha256:3ebc37595918b8accb852f8048fef2aff047d465167edd655528065b07bc364a"
	// ImageVariable names another image, where the scenario names none.
	ImageVariable = "REGIONDRILL_LOCALSTACK_IMAGE"
	// authVariable is LocalStack's own: newer images don't start without it.
	authVariable = "LOCALSTACK_AUTH_TOKEN"

	localStackPort  = "4566/tcp"
	localStackLimit = 3 * time.Minute // to be pulled; and to answer
)

// withKMS starts LocalStack where it is to play KMS, and gives the topology with its URL. It listens on loopback only.
func withKMS(ctx context.Context, t harness.Topology, back *rollback.Stack) (harness.Topology, error) {
	if t.KMS.Backend != system.KMSLocalStack {
		return t, nil
	}
	t.KMS.Image = cmp.Or(t.KMS.Image, os.Getenv(ImageVariable), localStackImage)
	l := &localStack{run: newRun(), image: t.KMS.Image, dockerenv: "/.dockerenv", limit: localStackLimit}
	var err error
	t.KMS.URL, err = l.start(ctx, back)
	return t, err
}

// localStack is a container that plays KMS.
type localStack struct {
	docker
	run       *run
	image     string
	dockerenv string        // the file that Docker puts into containers: this process is in one where it is there
	limit     time.Duration // for it to answer
}

// name is the container's.
func (l *localStack) name() string { return l.run.prefix() + "localstack" }

// start starts it and tells where it answers. What is in the way is a *harness.Lack.
func (l *localStack) start(ctx context.Context, back *rollback.Stack) (string, error) {
	var err error
	if l.docker, err = connect(ctx); err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		return "", &harness.Lack{Sentence: "system.kms.backend: localstack needs Docker, which doesn't answer or refuses; " +
			"embedded needs none", Err: err}
	}
	if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return l.Close() }); err != nil {
		return "", err
	}
	if host := elsewhere(l.DaemonHost()); host != "" {
		return "", &harness.Lack{Sentence: fmt.Sprintf("system.kms.backend: localstack needs a Docker engine on this "+
			"machine, and DOCKER_HOST names %s: start LocalStack there by hand, and name it by backend: endpoint and url", host)}
	}
	if err := prepare(ctx, l.docker); err != nil {
		return "", err
	}
	if err := l.pull(ctx, l.image); err != nil {
		return "", err
	}
	undo := func(ctx context.Context) error { return l.removeContainer(ctx, l.run.thing(l.name())) }
	if _, err := back.Push(l.run.intent(kindContainer, l.name()), undo); err != nil {
		return "", err
	}
	if err := l.create(ctx); err != nil {
		return "", err
	}
	return l.found(ctx)
}

// elsewhere is the host of an engine on another machine, by the address that it is asked at; empty where it is this
// one's.
func elsewhere(engine string) string {
	at, err := url.Parse(engine)
	if err != nil || at.Hostname() == "" || at.Scheme == "unix" || at.Scheme == "npipe" {
		return ""
	}
	here, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	found, err := net.LookupIP(at.Hostname())
	if err != nil {
		return at.Host
	}
	for _, address := range here {
		if own, ok := address.(*net.IPNet); ok && own.IP.Equal(found[0]) {
			return ""
		}
	}
	return at.Host
}

// create makes and starts the container, on the networks of this process's own container too where it is in one: from
// there neither the host's loopback nor other networks can be reached.
func (l *localStack) create(ctx context.Context) error {
	// What is begun is waited for whatever becomes of ctx: a thing that appears after its undo would stay.
	making, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeLimit)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	said := map[string]string{ // with EAGER_SERVICE_LOADING no first call waits until KMS is loaded, 11 s at times
		"SERVICES":              "kms",
		"EAGER_SERVICE_LOADING": "1", "DISABLE_EVENTS": "1", "SKIP_SSL_CERT_DOWNLOAD": "1",
	}
	if token := os.Getenv(authVariable); token != "" {
		said[authVariable] = token
	}
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithName(l.name()), testcontainers.WithLabels(l.run.labels("localstack")),
		testcontainers.WithExposedPorts(localStackPort), testcontainers.WithEnv(said),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			loopback := netip.MustParseAddr("127.0.0.1")
			h.PortBindings = network.PortMap{network.MustParsePort(localStackPort): {{HostIP: loopback}}}
		}),
	}
	if own := l.ownNetworks(making); len(own) > 0 {
		join := func(r *testcontainers.GenericContainerRequest) error { r.Networks = own; return nil }
		options = append(options, testcontainers.CustomizeRequestOption(join))
	}
	if _, err := testcontainers.Run(making, l.image, options...); err != nil {
		return lack(fmt.Errorf("starting LocalStack from %s: %w", l.image, err))
	}
	return nil
}

// pull brings an image that isn't here.
func (d docker) pull(ctx context.Context, image string) error {
	_, err := d.ImageInspect(ctx, image)
	if err == nil || !errdefs.IsNotFound(err) {
		return lackOf(err)
	}
	pulling, cancel := context.WithTimeout(ctx, localStackLimit)
	defer cancel()
	provider, err := testcontainers.NewDockerProvider()
	if err == nil {
		err = errors.Join(provider.PullImage(pulling, image), provider.Close())
	}
	if err != nil && ctx.Err() == nil {
		return &harness.Lack{Sentence: fmt.Sprintf("the image %s of LocalStack isn't here and can't be pulled: %s; "+
			"pull it by hand, name another in system.kms.image, or set system.kms.backend to embedded", image,
			firstLine(err.Error())), Err: err}
	}
	return err
}

// lackOf is lack for an error that may be nil.
func lackOf(err error) error {
	if err == nil {
		return nil
	}
	return lack(err)
}
