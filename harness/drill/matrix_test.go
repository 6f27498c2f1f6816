package drill_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/manual"
)

// matrixSystem is what each fault is drilled alone in: two Regions, and people of every kind at home in each.
const matrixSystem = `schema: regiondrill.scenario/v1
name: matrix
seed: 5
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2},
  applications: [{name: us-east-1, region: us-east-1}, {name: eu-west-1, region: eu-west-1}],
  vanity: {host: access.acme.test}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 4s
settle: 4s
probes:
%s
faults:
  - {name: it, kind: %s, at: 1s, for: %v, where: %s%s}
`

const (
	matrixLimit   = 3 * time.Second  // of each attempt
	matrixSettled = 2 * time.Second  // before the last attempt that ends in force: by then all that lasts has come
	matrixLasts   = 16 * time.Second // longer than the Region's view of its data is kept (10 s)
	matrixSample  = 7 * time.Second  // enough for who signs in
	matrixCases   = 1                // of each kind, in the sample
	matrixRaced   = 3                // kinds of which the race detector sees a case
	matrixWhole   = "REGIONDRILL_MATRIX"
)

// TestMatrix drills every case of every fault that the lab carries alone, in virtual time, aimed at either Region: it
// breaks exactly the people that its contract names, by the class that it names, spares all others, and everybody is in
// again afterwards. Of each kind the first case is tried wherever tests run, for those who sign in, under the race
// detector of the first kinds alone; all cases, for everybody, where the environment has REGIONDRILL_MATRIX, as
// "make matrix" does.
func TestMatrix(t *testing.T) {
	c := catalog.Default()
	whole := os.Getenv(matrixWhole) != ""
	for n, k := range c.Faults {
		if carrier(c, k).Name != c.Targets[0].Name {
			continue // TestMatrixOverContainers
		}
		for i, one := range k.Cases {
			if !whole && (i >= matrixCases || raced() && (i > 0 || n >= matrixRaced)) {
				break
			}
			for _, region := range manual.Aims(one, "eu-west-1", "us-east-1") {
				if region == "us-east-1" && !whole {
					continue
				}
				t.Run(fmt.Sprintf("%s %s %s", k.Name, manual.CaseName(one), region), func(t *testing.T) {
					t.Parallel()
					plan := matrixPlan(t, c, k, one, region, whole)
					synctest.Test(t, func(t *testing.T) { matrixCell(t, plan, one, region) })
				})
			}
		}
	}
}

// carrier is the first target that carries a kind of fault.
func carrier(c catalog.Catalog, k harness.FaultKind) harness.TargetKind {
	return c.Targets[slices.IndexFunc(c.Targets, func(target harness.TargetKind) bool {
		return target.New().Can().Lacks(k.New().Needs()) == ""
	})]
}

// TestMatrixOverContainers holds those faults to their contracts that need a process of their own, one after the other
// and in real time, where the environment has REGIONDRILL_MATRIX and this machine has what containers need. A machine
// that is busy with other things can't serve so many people.
func TestMatrixOverContainers(t *testing.T) {
	if os.Getenv(matrixWhole) == "" {
		t.Skip("only make matrix has the time for it")
	}
	c := catalog.Default()
	for _, k := range c.Faults {
		target := carrier(c, k)
		if target.Name == c.Targets[0].Name {
			continue
		}
		if asks, may := target.New().(harness.TargetReadier); may {
			if err := asks.Ready(t.Context()); err != nil {
				t.Skip(err)
			}
		}
		for _, one := range k.Cases {
			for _, region := range manual.Aims(one, "eu-west-1", "us-east-1") {
				t.Run(fmt.Sprintf("%s %s %s", k.Name, manual.CaseName(one), region), func(t *testing.T) {
					matrixCell(t, matrixPlan(t, c, k, one, region, true), one, region)
				})
			}
		}
	}
}

// matrixPlan is the drill of one case.
func matrixPlan(
	t *testing.T, c catalog.Catalog, k harness.FaultKind, one harness.Case, region string, whole bool,
) *engine.Plan {
	t.Helper()
	var people strings.Builder
	for _, p := range manual.MatrixPeople(c) {
		if !whole && !p.Sample {
			continue
		}
		for _, home := range []string{"us-east-1", "eu-west-1"} {
			fmt.Fprintf(&people, "  - {name: %s-%s, kind: %s, from: office, home: %s, every: 700ms, limit: %v%s}\n",
				strings.ReplaceAll(p.Name, "_", "-"), home, p.Kind, home, matrixLimit,
				strings.ReplaceAll(p.Keys, "HOME", home))
		}
	}
	where := one.Where
	if where.Place == "" {
		where.Region = region
	}
	selected, err := json.Marshal(manual.WhereKeys(where))
	if err != nil {
		t.Fatal(err)
	}
	lasts := matrixSample
	if whole {
		lasts = matrixLasts
	}
	keys := strings.Trim(one.Settings, "{}")
	if keys != "" {
		keys = ", " + keys
	}
	text := fmt.Sprintf(matrixSystem, strings.TrimSuffix(people.String(), "\n"), k.Name, lasts, selected, keys)
	_, plan, err := c.Read(strings.NewReader(text), "matrix.yaml", nil,
		engine.Options{Target: carrier(c, k), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// matrixCell drills one case and holds it against its contract.
func matrixCell(t *testing.T, plan *engine.Plan, one harness.Case, aimed string) {
	h, v := recorded(t, plan)
	var changes []string
	for _, e := range h.Events {
		if e.Fault != nil {
			changes = append(changes, strings.TrimSpace(string(e.Fault.Change)+" "+e.Fault.Detail))
		}
	}
	if want := []string{"requested", "effective", "healing", "healed"}; !slices.Equal(changes, want) {
		t.Fatalf("its changes are %q", changes)
	}
	if !v.Validity.FaultsProven || h.End == nil || !h.End.Undone {
		t.Fatalf("proven: %t, ended as %+v; %v", v.Validity.FaultsProven, h.End, v.Validity.Notes)
	}
	for _, p := range h.Plan.Probes {
		meets := one.Meets(cmp.Or(p.Journey, history.SignIn), p.Home == aimed)
		if wrong := breach(h, p, meets); wrong != "" {
			t.Errorf("%s: the contract says %s, and %s", p.Name, manual.Cell(meets), wrong)
		}
	}
}

// breach says what of a probe's attempts is not as the contract has it; empty: nothing.
func breach(h *history.History, p history.Probe, meets harness.Break) string {
	requested, effective, healing, healed := instants(h)
	last := healing - history.At(matrixLimit)
	fastest, failed, good := history.At(matrixLimit), 0, 0
	attempts := slices.SortedFunc(slices.Values(h.Attempts), func(a, b history.Attempt) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, a := range attempts {
		if a.Probe != p.Name {
			continue
		}
		said := fmt.Sprintf("the attempt due %s s is %s: %s %s", a.Due, a.Outcome, a.Class, a.Detail)
		fails := a.Outcome != history.Good
		switch {
		case a.Ended < requested || a.Due >= healed+history.At(time.Second):
			if fastest = min(fastest, a.Ended-a.Due); fails {
				return "beside the fault " + said
			}
		case a.Due < effective || a.Due > last: // who meets its beginning or its end may meet either
			if fails && meets.Class == "" {
				return said
			}
		case fails && (meets.Class == "" || a.Class != meets.Class && a.Class != meets.Or):
			return said
		case fails:
			failed++
		case !meets.Some && meets.Class != "" && a.Due > last-history.At(matrixSettled):
			return said
		case meets.Slower && a.Due > last-history.At(matrixSettled) && a.Ended-a.Due <= fastest:
			return fmt.Sprintf("the attempt due %s s took %s s, as before", a.Due, a.Ended-a.Due)
		default:
			good++
		}
	}
	if meets.Some && failed == 0 {
		return fmt.Sprintf("all %d are good", good)
	}
	return ""
}

// instants are those of the only fault.
func instants(h *history.History) (requested, effective, healing, healed history.Instant) {
	at := map[history.ChangeKind]history.Instant{}
	for _, e := range h.Events {
		if e.Fault == nil {
			continue
		}
		at[e.Fault.Change] = e.At
		for _, edge := range e.Fault.Edges {
			at[e.Fault.Change] = max(edge.At, history.Instant(0))
		}
	}
	return at[history.Requested], at[history.Effective], at[history.Healing], at[history.Healed]
}

// What the matrix relies on is that people who meet something else than the contract says are seen to.
func TestTheMatrixSeesABreach(t *testing.T) {
	probe := history.Probe{Name: "it"}
	h := &history.History{Events: []history.Event{
		{At: history.At(1 * time.Second), Fault: &history.Change{Change: history.Requested}},
		{At: history.At(1 * time.Second), Fault: &history.Change{Change: history.Effective}},
		{At: history.At(17 * time.Second), Fault: &history.Change{Change: history.Healing}},
		{At: history.At(17 * time.Second), Fault: &history.Change{Change: history.Healed}},
	}}
	at := func(due time.Duration, outcome history.Outcome, class history.Class) {
		h.Attempts = append(h.Attempts, history.Attempt{Probe: "it", Seq: int64(len(h.Attempts)), Due: history.At(due),
			Ended: history.At(due + 100*time.Millisecond), Outcome: outcome, Class: class})
	}
	at(0, history.Good, "")
	at(12*time.Second, history.Bad, history.ClassTimeout)
	at(13*time.Second, history.Good, "")
	for _, of := range []struct {
		meets  harness.Break
		breach bool
	}{
		{harness.Break{}, true},
		{harness.Fail(harness.Here, history.ClassTimeout), true},
		{harness.Break{Class: history.ClassTimeout, Some: true}, false},
		{harness.Break{Class: history.ClassReset, Some: true}, true},
		{harness.Break{Slower: true}, true},
	} {
		if said := breach(h, probe, of.meets); (said != "") != of.breach {
			t.Errorf("of %+v it says %q", of.meets, said)
		}
	}
}
