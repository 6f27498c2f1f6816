package targets

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// RecordsVariable is the environment variable by which a container learns where what it records is kept, on a disk that
// outlives its process.
const RecordsVariable = "REGIONDRILL_RECORDS"

const recordsFolder = "/records"

// TokenVariable is the environment variable by which a container learns the token of its control API.
const TokenVariable = "REGIONDRILL_CONTROL_TOKEN"

// containers runs the fakes of the lab as containers on this machine's Docker engine, each on an internal network of
// its own. The fabric stays in this process: clients, rules and proofs are the lab's. TLS ends at its edge, which
// passes requests on to where a container is at that moment; what a replica sends out leaves by a door that listens at
// the gateway of its own network, and asks for a password of the run.
type containers struct{}

func newContainers() harness.Target { return containers{} }

// Can tells that it carries all faults.
func (containers) Can() harness.Capabilities {
	return harness.Capabilities{Handles: harness.AllHandles(), Services: system.Services(),
		Calls: system.Calls()}
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

// Provision puts the containers up, all at once, then has them configured in the order in which they need each other.
func (c containers) Provision(ctx context.Context, t harness.Topology, back *rollback.Stack) (*harness.System, error) {
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
	image, err := d.image(ctx)
	if err != nil {
		return nil, err
	}
	h := &dockerHost{docker: d, run: newRun(), image: image, replicas: map[string]*replica{}}
	site, err := system.Provision(ctx, t, h, back, nil)
	if err != nil {
		return nil, err
	}
	site.System.Rig = append(site.System.Rig, h.rig...)
	site.System.Power, site.System.Attach = map[string]harness.Power{}, map[string]harness.Attach{}
	for region, r := range h.replicas {
		site.System.Power[region], site.System.Attach[region] = r, r
	}
	return site.System, nil
}

// dockerHost runs the fakes of one system as containers.
type dockerHost struct {
	docker docker
	run    *run
	image  string

	mu       sync.Mutex
	replicas map[string]*replica // by Region
	rig      []harness.RigPart   // the containers that no fault pulls
}

// Up starts a container. A replica is one that can be pulled, so it remembers what it was told.
func (h *dockerHost) Up(
	ctx context.Context, s *system.Site, kind, place string, back *rollback.Stack,
) (control.Fake, error) {
	b := newBox(h.docker, h.run, place, kind)
	if err := b.up(ctx, h.image, back); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if kind != system.FakeReplica {
		h.rig = append(h.rig, harness.RigPart{Name: "the container of " + place, Ask: b.Ask})
		return b, nil
	}
	h.replicas[place] = &replica{box: b}
	return h.replicas[place], nil
}

// Way is through a door that listens at the gateway of the container's own network.
func (h *dockerHost) Way(s *system.Site, place string) (identitycenter.Way, error) {
	gateway := h.replicas[place].gateway
	door, err := s.Fabric.DoorAt(place, gateway, h.run.secret)
	if err != nil {
		return identitycenter.Way{}, &harness.Lack{Sentence: fmt.Sprintf("this machine can't listen at %s, the gateway of a "+
			"Docker network: is the engine on another machine, or rootless? The containers target needs one that runs here "+
			"as root (%v)", gateway, err), Err: err}
	}
	return identitycenter.Way{Door: door.String(), Roots: s.System.RootPEM}, nil
}

// quiet silences testcontainers, whose logger belongs to the process: while one drill begins another may be using it.
var quiet = sync.OnceFunc(func() { tclog.SetDefault(tclog.NewNoopLogger()) })

var preparing sync.Mutex

// prepare makes testcontainers quiet, and leaves Ryuk out where its image isn't here: it would be pulled.
func prepare(ctx context.Context, d docker) error {
	preparing.Lock()
	defer preparing.Unlock()
	quiet()
	const variable = "TESTCONTAINERS_RYUK_DISABLED"
	if _, said := os.LookupEnv(variable); said {
		return nil
	}
	image := testcontainers.ReaperDefaultImage //nolint:staticcheck // nothing else tells which image would be pulled
	if _, err := d.ImageInspect(ctx, image); err == nil {
		return nil
	}
	if err := os.Setenv(variable, "true"); err != nil {
		return fmt.Errorf("leaving Ryuk out: %w", err)
	}
	return nil
}

// replica is a Region's container, with what must be told to it when it starts anew.
type replica struct {
	*box

	mu       sync.Mutex
	settings any // by which it was configured
}

// Call tells the fake a verb, and remembers the configuration, which it must be told again. What it knows it finds on
// its container's disk.
func (r *replica) Call(ctx context.Context, verb string, argument, result any) error {
	err := r.box.Call(ctx, verb, argument, result)
	if err != nil && strings.Contains(err.Error(), "proxyconnect") {
		return &harness.Lack{Sentence: fmt.Sprintf("the container in %s can't reach this machine at the gateway of its "+
			"network; does a firewall drop what comes from Docker's networks?", r.name), Err: err}
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if verb == "configure" {
		r.settings = argument
	}
	return nil
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

func (r *replica) own() thing { return r.run.thing(r.full()) }

// vanished says that somebody else has removed the container: nothing of it is left to be taken back.
func (r *replica) vanished(ctx context.Context) {
	rollback.Tell(ctx, "container %s is gone, and what was done to it with it", r.full())
	rollback.Nothing(ctx)
}

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

// Start starts it again and waits until it serves: what it had acknowledged is on its disk. It takes 0.3 s, and up to a
// second more where the kernel is still asking for the address that was gone: it asks once a second.
func (r *replica) Start(ctx context.Context) error {
	found, ok, err := r.its(ctx, r.own())
	if err != nil || ok && found.Container.State.Running && !r.bare(ctx, found.Container) {
		return err
	}
	if !ok {
		r.vanished(ctx)
		return nil
	}
	r.hangUp()
	if err := r.docker.start(ctx, r.own()); err != nil {
		return err
	}
	if err := r.found(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, told := range []struct {
		verb     string
		argument any
	}{{"configure", r.settings}, {"start", control.None{}}} {
		if err := r.box.Call(ctx, told.verb, told.argument, nil); err != nil {
			return fmt.Errorf("starting identity center in %s: %w", r.name, err)
		}
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
	if _, ok, err := r.its(ctx, r.own()); err != nil || !ok {
		if err == nil {
			r.vanished(ctx)
		}
		return err
	}
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
