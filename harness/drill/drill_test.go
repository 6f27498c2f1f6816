package drill_test

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
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

const dark = `schema: regiondrill.scenario/v1
name: dark
seed: 7
system: {primary: us-east-1, additional: [eu-west-1], idp: {bookmarks: [eu-west-1]}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 76ms, idp: 20ms}}}
warm_up: 2s
settle: 4s
probes:
  - {name: staff, kind: saml_login, from: office, home: us-east-1, every: 100ms, limit: 3s,
     steer: {by: bookmark, to: eu-west-1, after: 1s}}
faults:
  - {name: outage, kind: region_outage, where: {region: us-east-1}, at: 1s, for: 6s}
actions:
  - {name: swap, kind: acs_swap, to: eu-west-1, at: 3s, for: 2s}
checks:
  - {kind: recovery, probe: staff, fault: outage, within: 2s, sustained: {for: 1s}}
`

func planned(t *testing.T) *engine.Plan {
	t.Helper()
	c := catalog.Default()
	_, plan, err := c.Read(strings.NewReader(dark), "dark.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// recorded runs a plan in virtual time and gives what it left: the history, but for wall time and what is drawn by the
// operating system, and the verdict.
func recorded(t *testing.T, plan *engine.Plan) (*history.History, *verdict.Verdict) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	r := &drill.Runner{Catalog: catalog.Default(), Timeless: true}
	if err := r.Record(t.Context(), plan, dir); err != nil {
		t.Fatal(err)
	}
	concluded, err := r.Conclude(dir)
	if err != nil {
		t.Fatal(err)
	}
	return concluded.History, concluded.Verdict
}

// TestTheSamePlanRunsTwice: what one run has done is not in the plan, so that the next has the same attempts, instants
// and verdict.
func TestTheSamePlanRunsTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := planned(t)
		before := plan.Record
		first, v1 := recorded(t, plan)
		second, v2 := recorded(t, plan)
		if len(first.Attempts) < 100 || v1.Grade != verdict.Pass {
			t.Fatalf("%d attempts, %s: %+v", len(first.Attempts), v1.Grade, v1.Findings)
		}
		same(t, "attempts", bySeq(first), bySeq(second))
		same(t, "events", happened(first), happened(second))
		same(t, "verdicts", judged(v1), judged(v2))
		same(t, "plans", []history.Plan{before}, []history.Plan{plan.Record})
	})
}

// bySeq are the attempts in the order in which they were due: those that end in one instant are recorded in any.
func bySeq(h *history.History) []history.Attempt {
	return slices.SortedFunc(slices.Values(h.Attempts), func(a, b history.Attempt) int { return cmp.Compare(a.Seq, b.Seq) })
}

// happened are the events but for the numbers of their lines, which count the attempts too, and the plan, which has
// wall time in it.
func happened(h *history.History) []history.Event {
	var all []history.Event
	for _, e := range h.Events {
		if e.Seq = 0; e.Type != history.TypePlan {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b history.Event) int { // what happens in one instant is recorded in any order
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Type, b.Type))
	})
	return all
}

// judged is a verdict but for wall time and the numbers of lines.
func judged(v *verdict.Verdict) []verdict.Verdict {
	bare := *v
	bare.Started = time.Time{}
	bare.Findings, bare.Recoveries = slices.Clone(v.Findings), slices.Clone(v.Recoveries)
	for i := range bare.Findings {
		bare.Findings[i].Evidence = nil
	}
	for i := range bare.Recoveries {
		bare.Recoveries[i].Evidence, bare.Recoveries[i].FailbackEvidence = nil, nil
	}
	return []verdict.Verdict{bare}
}

// same holds two lists against each other and shows the first elements that differ.
func same[T any](t *testing.T, what string, a, b []T) {
	t.Helper()
	for i := range max(len(a), len(b)) {
		one, two := text(t, a, i), text(t, b, i)
		if one != two {
			t.Errorf("number %d of the %s differs:\n%s\n%s", i, what, one, two)
			return
		}
	}
}

func text[T any](t *testing.T, list []T, i int) string {
	t.Helper()
	if i >= len(list) {
		return "none"
	}
	said, err := json.Marshal(list[i])
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// TestAnActionIsTold: when it was asked for, done and taken back.
func TestAnActionIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := recorded(t, planned(t))
		var told []string
		for _, e := range h.Events {
			if e.Type == history.TypeAction {
				told = append(told, string(e.Action.Change)+" "+e.At.String())
			}
		}
		if got, want := strings.Join(told, ", "), "requested 3.0, done 3.0, undone 5.0"; got != want {
			t.Errorf("the action: %s; want %s", got, want)
		}
	})
}

// TestAFolderThatIsTaken: nothing is started, and what is there stays.
func TestAFolderThatIsTaken(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &drill.Runner{Catalog: catalog.Default()}
	err := r.Record(context.Background(), planned(t), dir)
	if _, ok := err.(*drill.NotBegun); !ok { //nolint:errorlint // it is not wrapped
		t.Errorf("it says %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left are %v, %v", entries, err)
	}
}
