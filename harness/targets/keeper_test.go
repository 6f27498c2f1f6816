package targets

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// TestTheKeeperOfAKilledRun removes what the run has left, without anybody's asking; recover then tells of it.
func TestTheKeeperOfAKilledRun(t *testing.T) {
	d := needsDocker(t)
	t.Setenv(keeperVariable, "1m")
	before := inventory(t, d, "")
	_, folder, id := killedRun(t, "proven in force")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		kept, err := history.ReadKept(folder)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("a minute later the keeper says %v, %v", kept, err)
		}
		if len(kept) > 0 && kept[len(kept)-1].Over {
			break
		}
	}
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

// TestKilledWhileItChangesAContainer: at whatever instant somebody dies who pauses, kills or disconnects a container,
// what they had written down before brings it back, and it answers.
func TestKilledWhileItChangesAContainer(t *testing.T) {
	d := needsDocker(t)
	image, err := d.image(t.Context())
	if err != nil {
		t.Skip(err)
	}
	back := &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			t.Error(err)
		}
	})
	b := newBox(d, newRun(), "us-east-1", "replica")
	if err := b.up(t.Context(), image, back); err != nil {
		t.Skip(err)
	}
	r := &replica{box: b}
	changes := map[string]struct {
		do     func(context.Context) error
		intent rollback.Intent
	}{
		"pause": {r.Pause, r.Unpausing()}, "kill": {r.Kill, r.Starting()}, "disconnect": {r.Disconnect, r.Connecting()},
	}
	for name, c := range changes {
		for i := range 4 {
			t.Run(fmt.Sprintf("%s %d", name, i), func(t *testing.T) {
				dying, cancel := context.WithTimeout(t.Context(), rand.N(60*time.Millisecond)) // who dies hears no answer
				_ = c.do(dying)
				cancel()
				if i == 0 { // and once the change is made
					if err := c.do(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(100 * time.Millisecond) // for what is on its way: a second in a drill
				for range 2 {
					if err := Undoers()[c.intent.Kind](t.Context(), c.intent.Args); err != nil {
						t.Error(err)
					}
				}
				if err := b.found(t.Context()); err != nil {
					t.Errorf("it does not answer: %v", err)
				}
			})
		}
	}
}
