package targets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

const (
	// localStackImage is the last of LocalStack that asks for no token.
	localStackImage = "localstack/localstack:4.14.0"
	// ImageVariable names another image, where the scenario names none.
	ImageVariable = "REGIONDRILL_LOCALSTACK_IMAGE"
	// authVariable is LocalStack's own: newer images don't start without it.
	authVariable = "LOCALSTACK_AUTH_TOKEN"

	localStackPort  = "4566/tcp"
	localStackLimit = 3 * time.Minute // to be pulled and to answer
)

// withKMS starts LocalStack where it is to play KMS, and gives the topology with its URL. It listens on loopback only.
func withKMS(ctx context.Context, t harness.Topology, back *rollback.Stack) (harness.Topology, error) {
	if t.KMS.Backend != system.KMSLocalStack {
		return t, nil
	}
	t.KMS.Image = cmp.Or(t.KMS.Image, os.Getenv(ImageVariable), localStackImage)
	var err error
	t.KMS.URL, err = localStack(ctx, t.KMS.Image, back)
	return t, err
}

// localStack starts a container and tells where it answers. What is in the way is a *harness.Lack.
func localStack(ctx context.Context, image string, back *rollback.Stack) (string, error) {
	d, err := connect(ctx)
	if err != nil && ctx.Err() == nil {
		return "", &harness.Lack{Sentence: "system.kms.backend: localstack needs Docker, which doesn't answer or refuses; embedded needs none", Err: err}
	}
	if err != nil {
		return "", err
	}
	if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return d.Close() }); err != nil {
		return "", err
	}
	if err := prepare(ctx, d); err != nil {
		return "", err
	}
	if err := d.pull(ctx, image); err != nil {
		return "", err
	}
	r := newRun()
	name := r.prefix() + "localstack"
	if _, err := back.Push(r.intent(kindContainer, name), func(ctx context.Context) error { return d.removeContainer(ctx, r.thing(name)) }); err != nil {
		return "", err
	}
	// What is begun is waited for whatever becomes of ctx: a thing that appears after its undo would stay.
	making, cancel := context.WithTimeout(context.WithoutCancel(ctx), localStackLimit)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	made, err := testcontainers.Run(making, image,
		testcontainers.WithName(name), testcontainers.WithLabels(r.labels("localstack")),
		testcontainers.WithExposedPorts(localStackPort),
		testcontainers.WithEnv(map[string]string{"SERVICES": "kms", authVariable: os.Getenv(authVariable)}),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.PortBindings = network.PortMap{network.MustParsePort(localStackPort): {{HostIP: netip.MustParseAddr("127.0.0.1")}}}
		}),
		testcontainers.WithWaitStrategyAndDeadline(localStackLimit, wait.ForHTTP("/_localstack/health").WithPort(localStackPort)),
	)
	if err != nil {
		return "", &harness.Lack{Sentence: fmt.Sprintf("LocalStack doesn't start from %s: %s; images after 4.14 need a token in %s, and system.kms.backend: embedded needs none of it",
			image, firstLine(err.Error()), authVariable), Err: err}
	}
	url, err := made.PortEndpoint(making, localStackPort, "http")
	if err != nil {
		return "", lack(fmt.Errorf("finding LocalStack's port: %w", err))
	}
	return url, nil
}

// pull brings an image that isn't here.
func (d docker) pull(ctx context.Context, image string) error {
	_, err := d.ImageInspect(ctx, image)
	if err == nil || !errdefs.IsNotFound(err) {
		return lackOf(err)
	}
	ctx, cancel := context.WithTimeout(ctx, localStackLimit)
	defer cancel()
	provider, err := testcontainers.NewDockerProvider()
	if err == nil {
		err = errors.Join(provider.PullImage(ctx, image), provider.Close())
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return &harness.Lack{Sentence: fmt.Sprintf("the image %s of LocalStack isn't here and can't be pulled: %s; pull it by hand, name another in system.kms.image, or set system.kms.backend to embedded",
			image, firstLine(err.Error())), Err: err}
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
