package drill_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// rehearse runs a rehearsal and reads it.
func rehearse(t *testing.T, text string) (*history.History, *engine.Rehearsal) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "rehearsal")
	r := &drill.Runner{Catalog: catalog.Default(), Timeless: true, Rehearse: true}
	if err := r.Record(t.Context(), compiled(t, text), dir); err != nil {
		t.Fatal(err)
	}
	loaded, err := r.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Verdict.Grade != verdict.Unknown {
		t.Errorf("its verdict is %s", loaded.Verdict.Grade)
	}
	rehearsal, err := engine.ReadRehearsal(loaded.History)
	if err != nil {
		t.Fatal(err)
	}
	return loaded.History, rehearsal
}

// TestARehearsal lays each fault and takes it back when people have left, which nobody meets; it does no action, and
// doesn't begin where people can't sign in while all is well.
func TestARehearsal(t *testing.T) {
	text := answered + `
faults:
  - {name: keyless, kind: kms_key, where: {region: eu-west-1}, at: 1s, for: 1h}
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: keyless.healed + 1h, for: 1h}
actions: [{name: disabled, kind: disable_user, user: leaver, at: 1s}]
checks: [{kind: recovery, probe: ireland, fault: keyless, within: 5s, sustained: {for: 2s}}]
`
	synctest.Test(t, func(t *testing.T) {
		h, r := rehearse(t, text)
		if !r.Passed() || len(r.Faults) != 2 || r.Faults[0].Laid < 0 || r.Faults[1].Lifted < 0 {
			t.Errorf("it came to %+v", r)
		}
		for _, e := range h.Events {
			if e.Action != nil {
				t.Errorf("an action was %s", e.Action.Change)
			}
		}
		for _, a := range h.Attempts {
			if a.Outcome != history.Good {
				t.Fatalf("somebody met it: %s, due %s", a.Detail, a.Due)
			}
		}
		if h.EndAt > history.At(time.Minute) || !h.End.Undone {
			t.Errorf("it took until %s, and ended as %+v", h.EndAt, h.End)
		}
	})
	sick := strings.Replace(text, "additional: [eu-west-1],", "additional: [eu-west-1], idp: {acs: []},", 1)
	synctest.Test(t, func(t *testing.T) {
		if h, r := rehearse(t, sick); r.Passed() || r.Steady || r.Why == "" || h.End.Reason != history.NotSteady {
			t.Errorf("where nobody gets in it came to %+v", r)
		}
	})
}
