package targets

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// The labels of what a run makes.
const (
	labelRun   = "regiondrill.run"   // its id
	labelOwner = "regiondrill.owner" // the process that will remove it
	labelScope = "regiondrill.scope" // whose runs are seen together: one user's, in one state folder
)

// Kinds of intents.
const (
	kindContainer = "container"
	kindNetwork   = "network"
	kindStart     = "start"
	kindUnpause   = "unpause"
	kindConnect   = "connect"
)

// run is one provisioning: what its things are called and how they are told from others'.
type run struct {
	id     string // 8 hex digits
	secret string // of its control APIs and doors
}

func newRun() *run {
	id := make([]byte, 4)
	rand.Read(id)
	return &run{id: hex.EncodeToString(id), secret: rand.Text()}
}

func (r *run) prefix() string { return "regiondrill-" + r.id + "-" }

// labels mark a thing as this run's, and as a testcontainer, so that Ryuk sweeps it too where it runs.
func (r *run) labels(name string) map[string]string {
	labels := testcontainers.GenericLabels()
	labels[labelRun], labels[labelOwner], labels[labelScope], labels["regiondrill.name"] = r.id, self(), scope(), name
	return labels
}

// scope is a hash of the user and of the folder where their open runs are listed.
func scope() string {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		state = os.Getenv("HOME")
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", os.Getuid(), state))
	return hex.EncodeToString(sum[:6])
}

// thing is what another process needs to find something of a run and to be sure that it is the run's.
type thing struct {
	Name string `json:"name"`
	Run  string `json:"run"`
}

func (r *run) thing(name string) thing { return thing{name, r.id} }

func (r *run) intent(kind, name string) rollback.Intent {
	args, err := json.Marshal(r.thing(name))
	if err != nil {
		panic("targets: " + err.Error()) // two strings always have a JSON form
	}
	return rollback.Intent{Kind: kind, Args: args}
}

// Undoers take back what a run did to what outlives it, from another process.
func Undoers() rollback.Undoers {
	undoers := system.Undoers()
	for kind, undoer := range undosOf() {
		undoers[kind] = func(ctx context.Context, args json.RawMessage) error {
			var t thing
			if err := json.Unmarshal(args, &t); err != nil || t.Name == "" || t.Run == "" {
				return errors.Join(errors.New("the intent doesn't say of what"), err)
			}
			d, err := connect(ctx)
			if err != nil {
				return err
			}
			defer d.Close()
			ctx, nothing := rollback.Found(ctx)
			if err := undoer.undo(d, ctx, t); err != nil {
				return fmt.Errorf("%w; by hand: "+undoer.byHand, err, t.Name)
			}
			if !nothing() {
				rollback.Tell(ctx, undoer.did, t.Name)
			}
			return nil
		}
	}
	return undoers
}

// undo is how a kind of change is taken back, what that came to and how people do it; the last two have room for a
// name.
type undo struct {
	undo        func(docker, context.Context, thing) error
	did, byHand string
}

func undosOf() map[string]undo {
	return map[string]undo{
		kindContainer: {docker.removeContainer, "container %s is removed", "docker rm -f %s"},
		kindNetwork:   {docker.removeNetwork, "network %s is removed", "docker network rm %s"},
		kindStart:     {docker.restart, "container %s runs again", "docker start %s"},
		kindUnpause:   {docker.resume, "container %s is paused no more", "docker unpause %s"},
		kindConnect: {docker.reconnect, "container %s is on its network again",
			"docker network connect %[1]s %[1]s"},
	}
}

// its finds a container of a run; one that is gone, or somebody else's by that name, is none.
func (d docker) its(ctx context.Context, t thing) (client.ContainerInspectResult, bool, error) {
	found, err := d.ContainerInspect(ctx, t.Name, client.ContainerInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return found, false, nil
	case err != nil:
		return found, false, lack(err)
	}
	return found, found.Container.Config.Labels[labelRun] == t.Run, nil
}

func (d docker) removeContainer(ctx context.Context, t thing) error {
	found, ok, err := d.its(ctx, t)
	if err != nil || !ok {
		rollback.Nothing(ctx)
		return err
	}
	_, err = d.ContainerRemove(ctx, found.Container.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsConflict(err) { // somebody who was killed meanwhile has asked for it, and the engine is at it
		err = d.untilRemoved(ctx, found.Container.ID)
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("removing container %s: %w", t.Name, err)
	}
	return nil
}

// untilRemoved waits until a container is gone whose removal is under way, so that its network is free.
func (d docker) untilRemoved(ctx context.Context, id string) error {
	wait := d.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
	select {
	case <-wait.Result:
		return nil
	case err := <-wait.Error:
		return err
	}
}

// unlessGone is the error of a change to a container, which is none where the container has gone meanwhile or is about
// to: then there is nothing to change back.
func (d docker) unlessGone(ctx context.Context, t thing, err error) error {
	if err == nil {
		return nil
	}
	if found, ok, asking := d.its(ctx, t); asking == nil && (!ok || leaving(found)) {
		return nil
	}
	return err
}

// leaving says whether a container is being removed.
func leaving(found client.ContainerInspectResult) bool {
	state := found.Container.State.Status
	return state == container.StateRemoving || state == container.StateDead
}

func (d docker) removeNetwork(ctx context.Context, t thing) error {
	found, err := d.NetworkInspect(ctx, t.Name, client.NetworkInspectOptions{})
	switch {
	case errdefs.IsNotFound(err), err == nil && found.Network.Labels[labelRun] != t.Run:
		rollback.Nothing(ctx)
		return nil
	case err != nil:
		return lack(err)
	}
	_, err = d.NetworkRemove(ctx, found.Network.ID, client.NetworkRemoveOptions{})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("removing network %s: %w", t.Name, err)
	}
	return nil
}

func (d docker) start(ctx context.Context, t thing) error {
	found, ok, err := d.its(ctx, t)
	if err != nil || !ok || found.Container.State.Running {
		rollback.Nothing(ctx)
		return err
	}
	_, err = d.ContainerStart(ctx, found.Container.ID, client.ContainerStartOptions{})
	if err = d.unlessGone(ctx, t, err); err != nil {
		return fmt.Errorf("starting container %s: %w", t.Name, err)
	}
	return nil
}

func (d docker) unpause(ctx context.Context, t thing) error {
	found, ok, err := d.its(ctx, t)
	if err != nil || !ok || !found.Container.State.Paused {
		rollback.Nothing(ctx)
		return err
	}
	_, err = d.ContainerUnpause(ctx, found.Container.ID, client.ContainerUnpauseOptions{})
	if err = d.unlessGone(ctx, t, err); err != nil {
		return fmt.Errorf("unpausing container %s: %w", t.Name, err)
	}
	return nil
}

// connect attaches a container to its network, which bears the same name.
func (d docker) connect(ctx context.Context, t thing) error {
	found, ok, err := d.its(ctx, t)
	if err != nil || !ok || found.Container.NetworkSettings.Networks[t.Name] != nil {
		rollback.Nothing(ctx)
		return err
	}
	_, err = d.NetworkConnect(ctx, t.Name, client.NetworkConnectOptions{Container: found.Container.ID})
	if err = d.unlessGone(ctx, t, err); err != nil {
		return fmt.Errorf("connecting container %s: %w", t.Name, err)
	}
	return nil
}

// leftover is a thing whose run's process is gone.
type leftover struct {
	thing
	network bool
}

// residue lists what runs of this scope have left whose process is gone, containers first.
func (d docker) residue(ctx context.Context) ([]leftover, error) {
	ours := client.Filters{}.Add("label", labelScope+"="+scope())
	containers, err := d.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return nil, lack(err)
	}
	networks, err := d.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	if err != nil {
		return nil, lack(err)
	}
	var left []leftover
	for _, c := range containers.Items {
		if len(c.Names) > 0 && gone(c.Labels[labelOwner]) {
			left = append(left, leftover{thing{strings.TrimPrefix(c.Names[0], "/"), c.Labels[labelRun]}, false})
		}
	}
	for _, n := range networks.Items {
		if gone(n.Labels[labelOwner]) {
			left = append(left, leftover{thing{n.Name, n.Labels[labelRun]}, true})
		}
	}
	return left, nil
}

// Residue names it. Where no engine answers there can be none that matters.
func (containers) Residue(ctx context.Context) ([]string, error) {
	d, err := connect(ctx)
	if err != nil {
		return nil, nil
	}
	defer d.Close()
	left, err := d.residue(ctx)
	return namesOf(left), err
}

func namesOf(left []leftover) []string {
	var named []string
	for _, l := range left {
		kind := "container "
		if l.network {
			kind = "network "
		}
		named = append(named, kind+l.Name)
	}
	slices.Sort(named)
	return named
}

// Sweep removes it.
func (containers) Sweep(ctx context.Context) ([]string, error) {
	d, err := connect(ctx)
	if err != nil {
		return nil, nil
	}
	defer d.Close()
	left, err := d.residue(ctx)
	if err != nil {
		return nil, err
	}
	var swept []leftover
	var errs []error
	for _, l := range left {
		remove := d.removeContainer
		if l.network {
			remove = d.removeNetwork
		}
		if err := remove(ctx, l.thing); err != nil {
			errs = append(errs, err)
			continue
		}
		swept = append(swept, l)
	}
	return namesOf(swept), errors.Join(errs...)
}
