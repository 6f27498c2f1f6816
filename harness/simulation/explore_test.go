package simulation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/simulation"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// exploration looks among what a file varies.
func exploration(t *testing.T, source []byte, runs int) *simulation.Exploration {
	t.Helper()
	s, err := scenario.Read(bytes.NewReader(source), "explored")
	if err != nil {
		t.Fatal(err)
	}
	c := catalog.Default()
	return &simulation.Exploration{Catalog: c, Source: source, Vary: s.Vary, Seed: 1, Runs: runs,
		Plan: func(source []byte, sets []scenario.Set, seed uint64) (*engine.Plan, error) {
			_, plan, err := c.ReadWith(bytes.NewReader(source), "explored", scenario.With{Sets: sets, Drawn: true},
				engine.Options{Target: c.Targets[0], Version: "test", Seed: &seed, Repeated: true, Virtual: true})
			return plan, err
		}}
}

// TestAPlantedMistakeIsFound among twelve settings that vary, and made small: one setting, and no part of the file that
// could go. The smallest file misses the check in the same way.
func TestAPlantedMistakeIsFound(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("testdata", "planted.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	e := exploration(t, source, 60)
	if len(e.Vary) != 12 {
		t.Fatalf("%d settings vary", len(e.Vary))
	}
	found, err := e.Run(t.Context(), t.TempDir())
	if err != nil || found == nil {
		t.Fatalf("%v, %v", found, err)
	}
	if len(found.Drawn) != 12 || len(found.Needed) != 1 || found.Needed[0].String() != "--set system.idp.acs=[us-east-1]" {
		t.Errorf("of %v it needs %v", found.Drawn, found.Needed)
	}
	if found.Check.Name != "recovery of staff from dark" || found.Last.Recoveries[0].EndedBy != verdict.Heal {
		t.Errorf("%+v, %+v", found.Check, found.Last.Recoveries)
	}
	file := string(found.File)
	for _, gone := range []string{"ireland", "dublin", "vary", "replication", "dialect", "about", "warm_up", "directory"} {
		if strings.Contains(file, gone) {
			t.Errorf("%s is still there", gone)
		}
	}
	for _, kept := range []string{"acs: [us-east-1]", "steer: {by: bookmark, to: eu-west-1", "bookmarks"} {
		if !strings.Contains(file, kept) {
			t.Errorf("%s is gone", kept)
		}
	}
	refused := false
	for _, w := range found.Last.Windows {
		refused = refused || w.Window == verdict.Fault && w.Classes[string(history.ClassIdPACSRefused)] > 0
	}
	if !refused {
		t.Errorf("it is missed in another way: %+v", found.Last.Windows)
	}
	t.Logf("%d drills\n%s", found.Tried, file)
}

// TestWhatIsDrawnIsBroughtNear halves the way between the file's value and the one that was drawn: people who give up
// after some 1.5 s miss 2.5 s. So near, it is a matter of the phase too, which is told by how many others miss it.
func TestWhatIsDrawnIsBroughtNear(t *testing.T) {
	e := exploration(t, []byte(quick), 40)
	e.Others = 6
	found, err := e.Run(t.Context(), t.TempDir())
	if err != nil || found == nil || len(found.Needed) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	var drawn, near scenario.Set
	for _, set := range found.Drawn {
		if set.Path == found.Needed[0].Path {
			drawn, near = set, found.Needed[0]
		}
	}
	if near.Path != "probes.staff.steer.after" || near.Value == drawn.Value || !strings.HasPrefix(near.Value, "1.") {
		t.Errorf("it drew %v, and needs %v", drawn, near)
	}
	if found.Others != 6 || found.Missed == 0 || found.Missed == 6 {
		t.Errorf("of %d other phases %d miss it\n%s", found.Others, found.Missed, found.File)
	}
}

// TestNothingToFind: where no drill misses anything, that is said after so many.
func TestNothingToFind(t *testing.T) {
	source := bytes.Replace([]byte(quick), []byte("within: 2500ms"), []byte("within: 3900ms"), 1)
	found, err := exploration(t, source, 3).Run(t.Context(), t.TempDir())
	if err != nil || found != nil {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestWhatWasFoundIsKeptWhereItIsStopped: the smallest so far is a file that misses the check by the seed in it.
func TestWhatWasFoundIsKeptWhereItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	e := exploration(t, []byte(quick), 40)
	e.Others = 6
	e.Tell = func(said string) {
		if strings.Contains(said, "drills to make it small") {
			stop()
		}
	}
	found, err := e.Run(ctx, t.TempDir())
	if err != nil || found == nil || !found.Stopped || found.Others != 0 || found.Tried == 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	plan, err := e.Plan(found.File, nil, found.Seed)
	if err != nil || plan.Record.Seed != found.Seed || !strings.Contains(string(found.File), fmt.Sprintf("seed: %d\n", found.Seed)) {
		t.Errorf("%v\n%s", err, found.File)
	}
}

// TestAMistakeOfTheFileItself is no matter of what varies, and is found before anything is drawn.
func TestAMistakeOfTheFileItself(t *testing.T) {
	source := bytes.Replace([]byte(quick), []byte("within: 2500ms"), []byte("within: 1ms"), 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	e, caught := exploration(t, source, 9), 0
	e.Caught = func(*simulation.Found) { caught++; stop() }
	found, err := e.Run(ctx, t.TempDir())
	if err != nil || found == nil || found.N != 0 || len(found.Drawn)+len(found.Needed) != 0 || found.Tried != 0 || caught != 1 {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestStoppedBeforeAnything has found nothing, which is no proof.
func TestStoppedBeforeAnything(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if found, err := exploration(t, []byte(quick), 40).Run(ctx, t.TempDir()); found != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestADrillThatCantBeRunIsNamed, where none before it missed anything.
func TestADrillThatCantBeRunIsNamed(t *testing.T) {
	source := bytes.Replace([]byte(quick), []byte("within: 2500ms"), []byte("within: 3900ms"), 1)
	e, broken := exploration(t, source, 9), errors.New("no plan")
	plan := e.Plan
	e.Plan = func(source []byte, sets []scenario.Set, seed uint64) (*engine.Plan, error) {
		if seed >= 3 {
			return nil, broken
		}
		return plan(source, sets, seed)
	}
	_, err := e.Run(t.Context(), t.TempDir())
	if failed, ok := errors.AsType[*simulation.Failed](err); !ok || failed.N != 3 || !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
