package targets

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// harmed is a drill whose primary is harmed in a way that somebody else can take back.
const harmed = `schema: regiondrill.scenario/v1
name: harmed
system:
  primary: us-east-1
  additional: [eu-west-1]
  idp: {acs: [us-east-1, eu-west-1]}
vantages:
  office: {rtt: {us-east-1: 2ms}}
warm_up: 500ms
settle: 500ms
probes:
  - {name: staff, kind: saml_login, from: office, home: eu-west-1, every: 250ms, limit: 5s}
faults:
  - {name: harm, KIND, where: {region: us-east-1}, at: 0s, for: 6s}
`

// helped runs a drill, lets somebody else take its fault back in the middle with a client of their own, and tells the
// history and when, by it, they began and had ended.
func helped(
	t *testing.T, d docker, kind string, help func(container string) error,
) (h *history.History, began, ended history.Instant) {
	t.Helper()
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "harmed.yaml"), filepath.Join(dir, "run")
	if err := os.WriteFile(file, []byte(strings.Replace(harmed, "KIND", kind, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	before := inventory(t, d, "")
	var from, to time.Time
	var id string
	during(t, "proven in force", func(*os.Process) {
		id = runOf(t, read(t, filepath.Join(folder, history.UndoFile)))
		from = time.Now()
		if err := help((&run{id: id}).prefix() + "us-east-1"); err != nil {
			t.Error(err)
		}
		to = time.Now()
	}, "run", file, "--target", "containers", "--out", folder)
	h, err := history.Read(bytes.NewReader(read(t, filepath.Join(folder, history.HistoryFile))))
	if err != nil || h.End == nil || h.End.Reason != history.Completed || !h.End.Undone {
		t.Fatalf("ended as %+v, %v", h.End, err)
	}
	journal := bytes.NewReader(read(t, filepath.Join(folder, history.UndoFile)))
	if pending, err := rollback.Pending(journal); err != nil || len(pending) > 0 {
		t.Errorf("left to undo: %v, %v", pending, err)
	}
	if after := inventory(t, d, id); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("before there were\n%v\nand after\n%v", before, after)
	}
	const rounded = 1000 // µs: zero is told to the millisecond
	return h, history.At(from.Sub(h.Plan.Zero)) - rounded, history.At(to.Sub(h.Plan.Zero)) + rounded
}

// changes are those of the fault, in their order.
func changes(h *history.History) (all []*history.Event) {
	for i := range h.Events {
		if h.Events[i].Fault != nil {
			all = append(all, &h.Events[i])
		}
	}
	return all
}

func story(h *history.History) string {
	var said []string
	for _, e := range changes(h) {
		said = append(said, string(e.Fault.Change))
	}
	return strings.Join(said, " ")
}

// TestUnpausedBySomebodyElse: the history tells it, and since when it can't have been in force any more.
func TestUnpausedBySomebodyElse(t *testing.T) {
	t.Parallel() // it waits, most of the time
	d := needsDocker(t)
	h, began, ended := helped(t, d, "kind: process, mode: pause", func(container string) error {
		_, err := d.ContainerUnpause(t.Context(), container, client.ContainerUnpauseOptions{})
		return err
	})
	if got := story(h); got != "requested effective lost healing healed" {
		t.Fatalf("the fault was %s", got)
	}
	e := changes(h)[2]
	if len(e.Fault.Edges) != 1 || e.Fault.Detail != "the replica in us-east-1 answers" {
		t.Fatalf("lost as %+v", e.Fault)
	}
	seen := e.Fault.Edges[0].At
	if seen > ended || e.At < began || e.At-seen > history.Seconds(5) { // 1 s, and the machine's time
		t.Errorf("unpaused from %s to %s; seen in force at %s, and found lost at %s", began, ended, seen, e.At)
	}
	t.Logf("unpaused from %s to %s; seen in force at %s, and found lost at %s", began, ended, seen, e.At)
}

// TestStartedBySomebodyElse: a container that was started without all that its disk would have kept serves nobody, so
// the fault is in force, and healing gives it back what it needs.
func TestStartedBySomebodyElse(t *testing.T) {
	t.Parallel() // it waits, most of the time
	d := needsDocker(t)
	h, _, _ := helped(t, d, "kind: process, mode: kill", func(container string) error {
		_, err := d.ContainerStart(t.Context(), container, client.ContainerStartOptions{})
		return err
	})
	if got := story(h); got != "requested effective healing healed" {
		t.Errorf("the fault was %s: %+v", got, changes(h)[len(changes(h))-1].Fault)
	}
}
