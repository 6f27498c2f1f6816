package targets

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/faults"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// TestTheKeeperOfAKilledRun removes what the run has left, without anybody's asking; recover then tells of it.
func TestTheKeeperOfAKilledRun(t *testing.T) {
	d := needsDocker(t)
	t.Setenv(keeperVariable, "1m")
	before := inventory(t, d, "")
	_, folder, id := killedRun(t, "proven in force")
	over(t, folder)
	if after := inventory(t, d, id); !slices.Equal(before, after) {
		t.Errorf("before there were\n%v\nand after\n%v", before, after)
	}
	code, said := regiondrill(t, "recover")
	for _, want := range []string{"is paused no more", "is removed", "all that outlived the run is as it was", "nothing was left to undo"} {
		if code != 0 || !strings.Contains(said, want) {
			t.Errorf("recover exits with %d and says\n%s\nwithout %q", code, said, want)
		}
	}
}

// TestAContainerThatVanishes in the middle of a fault: nobody can say that it was healed, so the run is unknown; all else
// is undone, and nothing is left to recover.
func TestAContainerThatVanishes(t *testing.T) {
	for _, kind := range []string{"kind: process, mode: pause", "kind: process, mode: kill", "kind: network_disconnect"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel() // it waits, most of the time
			d := needsDocker(t)
			dir := t.TempDir()
			file, folder := filepath.Join(dir, "harmed.yaml"), filepath.Join(dir, "run")
			if err := os.WriteFile(file, []byte(strings.Replace(harmed, "KIND", kind, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			var id string
			during(t, "proven in force", func(*os.Process) {
				id = runOf(t, read(t, filepath.Join(folder, history.UndoFile)))
				_, err := d.ContainerRemove(t.Context(), (&run{id: id}).prefix()+"us-east-1", client.ContainerRemoveOptions{Force: true})
				if err != nil {
					t.Error(err)
				}
			}, "run", file, "--target", "containers", "--out", folder)
			h, err := history.Read(bytes.NewReader(read(t, filepath.Join(folder, history.HistoryFile))))
			if err != nil || h.End == nil || !h.End.Undone {
				t.Fatalf("it ended as %+v, %v", h.End, err)
			}
			if left := ofRun(t, d, id); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
			if code, said := regiondrill(t, "analyze", folder); code != 2 {
				t.Errorf("it is concluded with %d: %s", code, said)
			}
			if code, said := regiondrill(t, "recover", folder); code != 0 || !strings.Contains(said, "nothing was left to undo") {
				t.Errorf("recover exits with %d and says\n%s", code, said)
			}
		})
	}
}

// ofRun lists what the engine holds of a run.
func ofRun(t *testing.T, d docker, id string) (left []string) {
	t.Helper()
	for _, thing := range inventory(t, d, id) {
		if !slices.Contains(inventory(t, d, ""), thing) {
			left = append(left, thing)
		}
	}
	return left
}

// victimVariable holds the victim that this process is to be.
const victimVariable = "REGIONDRILL_TEST_VICTIM"

// victim is a process that harms a container again and again, with a keeper, until it is killed.
type victim struct{ Folder, Run, Kind, Mode string }

// bareReplica is a container that nobody has told what to serve: it is back when it answers so.
type bareReplica struct{ *replica }

// Ask is an error where it doesn't answer.
func (b bareReplica) Ask(ctx context.Context) error {
	if err := b.replica.Ask(ctx); !errors.Is(err, errUnready) {
		return err
	}
	return nil
}

// Start starts it again.
func (b bareReplica) Start(ctx context.Context) error {
	b.hangUp()
	return errors.Join(b.docker.start(ctx, b.own()), b.found(ctx))
}

// run does it until somebody ends it.
func (v *victim) run(ctx context.Context) error {
	d, err := connect(ctx)
	if err != nil {
		return err
	}
	folder, err := history.CreateFolder(v.Folder, nil)
	if err != nil {
		return err
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ours.Close() // it is open as long as this process lives
	keeper := exec.Command(os.Getenv(binaryVariable), "keeper", "--lease", "1m", v.Folder)
	keeper.Stdin = theirs
	if err := keeper.Start(); err != nil {
		return err
	}
	r := bareReplica{&replica{box: newBox(d, &run{id: v.Run}, "us-east-1", "replica")}}
	if err := r.found(ctx); err != nil {
		return err
	}
	var fault harness.Fault = &faults.Process{Mode: v.Mode}
	if v.Kind == "network_disconnect" {
		fault = &faults.NetworkDisconnect{}
	}
	h := &harness.Handles{Power: map[string]harness.Power{r.name: r}, Attach: map[string]harness.Attach{r.name: r}}
	aim := harness.Aim{Name: "it", Region: r.name, Edges: []harness.Edge{{From: r.name, To: r.name}}}
	back := &rollback.Stack{Journal: folder.Undo}
	fmt.Println("begins")
	for {
		injected, err := fault.Inject(ctx, h, aim, back)
		if err != nil {
			return err
		}
		time.Sleep(rand.N(50 * time.Millisecond))
		if err := injected.Undo(ctx); err != nil {
			return err
		}
	}
}

// begin starts a victim and waits until it begins.
func (v *victim) begin(t *testing.T) *exec.Cmd {
	t.Helper()
	said, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), victimVariable+"="+string(said))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "begins" {
			return cmd
		}
		t.Log(lines.Text())
	}
	t.Fatal("it never began")
	return nil
}

// kinds are the faults that are killed, each with its modes.
var kinds = [...]struct {
	name  string
	modes []string
}{{"process", []string{"pause", "kill", "restart"}}, {"network_disconnect", []string{"disconnect"}}}

// TestKilledWhileItChangesAContainer: at whatever instant somebody is killed who pauses, kills or disconnects a
// container, their keeper brings it back, and it answers. A few kills, or two fifths of what REGIONDRILL_KILLS says;
// the others are over an endpoint. The container is started once.
func TestKilledWhileItChangesAContainer(t *testing.T) {
	d := needsDocker(t)
	kills := 4
	if said, err := strconv.Atoi(os.Getenv("REGIONDRILL_KILLS")); err == nil {
		kills = said - said*3/5
	}
	b := startedOnce(t, d)
	var restored, tried [len(kinds)]int
	sum, harmed := 0, 0
	for i := range kills {
		kind := kinds[i%len(kinds)]
		v := &victim{Run: b.run.id, Kind: kind.name, Mode: kind.modes[i/len(kinds)%len(kind.modes)]}
		tried[i%len(kinds)]++
		t.Run(fmt.Sprintf("%d %s %s", i, v.Kind, v.Mode), func(t *testing.T) {
			if v.killed(t) {
				harmed++
			}
			if err := b.found(t.Context()); err != nil {
				t.Errorf("it does not answer: %v", err)
			}
			found, ours, err := d.its(t.Context(), b.run.thing(b.full()))
			if err != nil || !ours || !found.Container.State.Running || hidden(found.Container, b.run.thing(b.full())) {
				t.Errorf("it is %+v, %v", found.Container.State, err)
			}
			if !t.Failed() {
				restored[i%len(kinds)]++
				sum++
			}
		})
	}
	by := ""
	for i, kind := range kinds {
		by += fmt.Sprintf(", %s %d of %d", kind.name, restored[i], tried[i])
	}
	t.Logf("%d of %d restored%s; %d were killed with something to undo", sum, kills, by, harmed)
	if harmed == 0 {
		t.Error("nobody was killed in the middle of anything")
	}
}

// startedOnce is a container that stays for the whole of a test.
func startedOnce(t *testing.T, d docker) *box {
	t.Helper()
	image, err := d.image(t.Context())
	if err == nil {
		err = prepare(t.Context(), d)
	}
	if err != nil {
		t.Fatal(err)
	}
	back := &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			t.Error(err)
		}
	})
	b := newBox(d, newRun(), "us-east-1", "replica")
	if err := b.up(t.Context(), image, back); err != nil {
		t.Fatal(err)
	}
	return b
}

// killed kills it at a random instant, and waits until its keeper has taken back what there is: then it is true.
func (v *victim) killed(t *testing.T) (harmed bool) {
	t.Helper()
	v.Folder = filepath.Join(t.TempDir(), "run")
	cmd := v.begin(t)
	time.Sleep(rand.N(500 * time.Millisecond)) // the instant
	_ = cmd.Process.Kill()
	if _ = cmd.Wait(); cmd.ProcessState.Exited() {
		t.Fatalf("it had ended by itself before it was killed: %s", cmd.ProcessState)
	}
	pending, err := rollback.Pending(bytes.NewReader(read(t, filepath.Join(v.Folder, history.UndoFile))))
	if harmed = err != nil || len(pending) > 0; harmed {
		over(t, v.Folder)
	}
	return harmed
}

// over waits until the keeper of a folder is done.
func over(t *testing.T, folder string) {
	t.Helper()
	harnesstest.Until(t, folder, func() bool {
		kept, err := history.ReadKept(folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(kept) > 0 && kept[len(kept)-1].Over
	})
}
