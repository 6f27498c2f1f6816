package comparison

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// People who give up a second later are found with ten runs a side, and where it comes from is said.
func TestFindsARegression(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	r := compare(t, drawn(draw, 10, 2), drawn(draw, 10, 3))
	m := r.measure(t, back)
	if r.Answer != Worse || m.Answer != Worse || *m.Lower < 0.9 || *m.Upper > 1.1 || m.Adjusted > 0.01 {
		t.Errorf("%s: %+v", r.Answer, m)
	}
	if d := r.measure(t, "decide, "+back); d.Answer != Worse || d.Decides || *d.Shift != 1 {
		t.Errorf("%+v", d)
	}
	if len(r.Differs) != 1 || r.Differs[0].String() != "probes.staff.steer.after: 2s in A, 3s in B" {
		t.Errorf("%+v", r.Differs)
	}
	if back := compare(t, drawn(draw, 10, 3), drawn(draw, 10, 2)); back.Answer != Better {
		t.Errorf("the other way round it is %s", back.Answer)
	}
}

// Between equal sets none is.
func TestFindsNothingInEqualSets(t *testing.T) {
	for seed := range uint64(20) {
		draw := rand.New(rand.NewPCG(seed, 3))
		if r := compare(t, drawn(draw, 10, 2), drawn(draw, 10, 2)); r.Answer != Same {
			t.Errorf("seed %d: %s, %+v", seed, r.Answer, r.measure(t, back))
		}
	}
}

// A shift that is certain and small is none.
func TestWhatIsSmallDoesNotCount(t *testing.T) {
	a, b := setOf(3, 3.01, 3.02, 3.03, 3.04, 3.05), setOf(3.15, 3.16, 3.17, 3.18, 3.19, 3.2)
	m := compare(t, a, b).measure(t, back)
	if m.Answer != Same || m.P > 0.01 || math.Abs(float64(m.Effect)-0.3025) > 1e-9 {
		t.Errorf("a tenth of 3.025 s counts, and 0.15 s do not: %+v", m)
	}
	strict, err := Of(a, b, Rule{Confidence: 0.95, Effect: 0.01})
	if m := strict.measure(t, back); err != nil || m.Answer != Same || m.Effect != 0.2 {
		t.Errorf("two periods of 100 ms do all the same: %+v", m)
	}
	said, err := Of(a, b, Rule{Confidence: 0.95, Effect: 0.01, AtLeast: seconds(0.05)})
	if m := said.measure(t, back); err != nil || m.Answer != Worse {
		t.Errorf("unless it is said that less counts: %+v", m)
	}
}

// So few runs make no claim, and say how many would.
func TestTooFew(t *testing.T) {
	r := compare(t, setOf(3, 3.1, 3.05), setOf(9, 9.1, 9.05))
	if m := r.measure(t, back); r.Answer != CantTell || !m.TooFew || m.Needs < 5 || m.Least < 4 || m.Least > m.Needs || m.Lower != nil {
		t.Errorf("%s: %+v", r.Answer, m)
	}
	wide := compare(t, setOf(2, 3, 4, 5, 6), setOf(2.5, 3.5, 4.5, 5.5, 6.5))
	m := wide.measure(t, back)
	if wide.Answer != CantTell || m.TooFew || *m.Finds < 2 || m.Needs < 40 {
		t.Errorf("%s: %+v", wide.Answer, m)
	}
	one := compare(t, setOf(3), setOf(3))
	if one.Answer != CantTell {
		t.Errorf("one a side: %s", one.Answer)
	}
}

// Who never recovered is longer than all others, and in no mean.
func TestNeverRecovered(t *testing.T) {
	a, b := setOf(3, 3.01, 3.02, 3.03, 3.04, 3.05), &Set{Path: "b"}
	for i := range 6 {
		b.Runs = append(b.Runs, never(i+1))
	}
	r := compare(t, a, b)
	m := r.measure(t, back)
	if r.Answer != Worse || m.B.NeverRecovered != 6 || m.B.Median != nil || m.Shift != nil || !math.IsInf(m.Worse.Seconds, 1) {
		t.Errorf("%s: %+v", r.Answer, m)
	}
	if back := compare(t, b, a); back.Answer != Better {
		t.Errorf("and the other way round: %s", back.Answer)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	some := setOf(3, 3.01, 3.02, 3.03, 3.04, 3.05)
	some.Runs[5] = never(6)
	if m := compare(t, a, some).measure(t, back); m.B.Max != nil || *m.B.Median != 3.025 || m.Answer == Worse {
		t.Errorf("one of six: %+v", m)
	}
}

// What a side has no run of at all is not known to be no worse, though recovery is the same.
func TestNobodyTellsAnyMore(t *testing.T) {
	b := setOf(3, 3, 3, 3, 3, 3)
	for i := range b.Runs {
		b.Runs[i].Verdict.Findings[1].Actual, b.Runs[i].Verdict.Findings[1].Grade = nil, verdict.Unknown
	}
	if r := compare(t, setOf(3, 3, 3, 3, 3, 3), b); r.Answer != CantTell || r.measure(t, back).Answer != Same {
		t.Errorf("of B nobody knows the availability: %s", r.Answer)
	}
	b.Runs[0].Verdict.Findings[1].Actual = 0.99
	if r := compare(t, setOf(3, 3, 3, 3, 3, 3), b); r.Answer != Same {
		t.Errorf("of one run of B it is known: %s", r.Answer)
	}
}

// A share is the worse the lower it is, and two attempts of a window are no shift.
func TestShares(t *testing.T) {
	with := func(share float64) *Set {
		s := setOf(3, 3, 3, 3, 3, 3)
		for i := range s.Runs {
			s.Runs[i].Verdict.Findings[1].Actual = share - 0.001*float64(i)
		}
		return s
	}
	const name = "availability of ireland during dark"
	worse := compare(t, with(1), with(0.9))
	m := worse.measure(t, name)
	if worse.Answer != Worse || math.Abs(float64(*m.Shift)+0.1) > 1e-9 || *m.Lower >= *m.Upper || *m.A.Max != 1 {
		t.Errorf("%s: %+v", worse.Answer, m)
	}
	if m := compare(t, with(0.99), with(0.988)).measure(t, name); m.Answer != Same || math.Abs(float64(m.Effect)-2./300) > 1e-9 {
		t.Errorf("%+v", m)
	}
}

// What measures nothing is compared by how often it was missed.
func TestMisses(t *testing.T) {
	missing := func(n int) *Set {
		s := setOf(3, 3, 3, 3, 3, 3, 3, 3)
		for i := range n {
			s.Runs[i].Verdict.Findings[3].Grade = verdict.Fail
		}
		return s
	}
	const name = "what must never happen"
	for n, want := range map[int]Answer{0: Same, 1: CantTell, 8: Worse} {
		r := compare(t, missing(0), missing(n))
		if m := r.measure(t, name); m.Answer != want || m.B.Missed != n {
			t.Errorf("missed in %d of 8: %+v", n, m)
		}
		if whole := map[Answer]Answer{CantTell: Same}[want]; whole != "" && r.Answer != whole {
			t.Errorf("missed in %d of 8: %s", n, r.Answer)
		}
	}
	if m := compare(t, missing(8), missing(8)).measure(t, name); m.Answer != Same {
		t.Errorf("missed in all of both: %+v", m)
	}
}

// A measure beside recovery that can't be told leaves the whole as it is; one that is worse makes it worse.
func TestRecoveryDecides(t *testing.T) {
	slow := func(by ...float64) *Set {
		s := setOf(3, 3, 3, 3, 3, 3)
		for i := range s.Runs {
			s.Runs[i].Verdict.Windows[0].Latency.P95 += verdict.Seconds(by[i])
		}
		return s
	}
	r := compare(t, slow(0, 0.1, 0, 0.1, 0, 0.1), slow(0.1, 0, 0.1, 0, 0.1, 0))
	if m := r.measure(t, "p95, latency of ireland during dark"); m.Answer != CantTell || !m.Decides || r.Answer != Same {
		t.Errorf("%s: %+v", r.Answer, m)
	}
	if r := compare(t, slow(0, 0, 0, 0, 0, 0), slow(1, 1, 1, 1, 1, 1.1)); r.Answer != Worse {
		t.Errorf("%s", r.Answer)
	}
	without := func(s *Set) *Set {
		for i := range s.Runs {
			s.Runs[i].Verdict.Findings, s.Runs[i].Plan.Checks = nil, nil
		}
		return s
	}
	if r := compare(t, without(setOf(3, 3, 3, 3, 3)), without(setOf(5, 5, 5, 5, 5.1))); r.Answer != Worse {
		t.Errorf("where no check asks for anything, recoveries decide: %s", r.Answer)
	}
}

// Runs that measured nothing count nowhere, and say so.
func TestLeftOut(t *testing.T) {
	b := setOf(3, 3, 3, 3, 3, 9)
	b.Runs[5].Verdict.Validity = verdict.Validity{Grade: verdict.Unknown, Notes: []string{"the machine was busy"}}
	r := compare(t, setOf(3, 3, 3, 3, 3), b)
	if r.B.Counted != 5 || r.B.Runs[5].LeftOut != "the machine was busy" || r.measure(t, back).B.N != 5 || r.Answer != Same {
		t.Errorf("%s: %+v", r.Answer, r.B)
	}
}

// A latency of which this machine made a part, or of which nobody knows some attempts, tells nothing.
func TestLatenciesThatAreNotTold(t *testing.T) {
	w := verdict.Window{Good: 40, Latency: &verdict.Latency{P50: 0.2, P95: 0.5, P99: 0.6, Max: 0.8}}
	told := func(n int) bool {
		_, told := quantiles[n].told(&w)
		return told
	}
	check := func(what string, want ...bool) {
		t.Helper()
		if got := []bool{told(0), told(1), told(2), told(3)}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("all seen, too few for p99", true, true, false, true)
	w.LatencyLower = &verdict.Latency{P50: 0.19, P95: 0.44, P99: 0.5, Max: 0.8}
	check("the machine made more than a tenth of p95", true, false, false, true)
	w.LatencyLower = nil
	w.LatencyUpper = &verdict.LatencyUpper{P50: verdict.Finite(0.3), P95: verdict.Finite(0.54)}
	check("the median may have been longer, and the longest any", false, true, false, false)
}

// What may be the machine's, or an older version's, is told.
func TestNotes(t *testing.T) {
	a, b := setOf(3, 3, 3, 3, 3), setOf(3, 3, 3, 3, 3)
	for i := range a.Runs {
		a.Runs[i].Verdict.Started = a.Runs[i].Verdict.Started.AddDate(0, 0, -1)
	}
	if r := compare(t, a, b); len(r.Notes) != 0 {
		t.Errorf("%q", r.Notes)
	}
	b.Runs[0].Verdict.Validity.Reasons = []verdict.Reason{{Code: verdict.BusyMachine, Probe: "staff"}}
	b.Runs[1].Verdict.Version, b.Runs[2].Plan = "2.0.0", nil
	r, said := compare(t, a, b), ""
	for _, note := range r.Notes {
		said += note + "\n"
	}
	for _, want := range []string{"busy in 0 of the 5 runs of A and 1 of the 5 of B", "different versions", "no history"} {
		if !strings.Contains(said, want) {
			t.Errorf("it doesn't say %q: %q", want, said)
		}
	}
	if !strings.Contains(said, "decide nothing by such runs: latency of ireland during dark") {
		t.Errorf("what of a latency was not compared is not told: %q", said)
	}
	if r := compare(t, a, &Set{Runs: a.Runs[:1]}); !strings.Contains(strings.Join(r.Notes, ""), "1 of the runs in B is in A") {
		t.Errorf("%q", r.Notes)
	}
	if r := compare(t, a, a); len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "5 of the runs in B are in A too") {
		t.Errorf("with itself: %q", r.Notes)
	}
}

// Sets of other drills, or with another idea of recovery, are refused by name.
func TestUnlike(t *testing.T) {
	for want, change := range map[string]func(r *Run){
		"scenario: dark in A, dusk in B": func(r *Run) { r.Verdict.Scenario = "dusk" },
		"definition of recovery: an edition that the verdict doesn't say in A, edition 2 in B": func(r *Run) {
			r.Verdict.Definition = verdict.Definition
		},
		"target: lab in A, containers in B":     func(r *Run) { r.Verdict.Target = "containers" },
		"probe staff, limit: 5s in A, 6s in B":  func(r *Run) { r.Plan.Probes[0].Limit *= 6; r.Plan.Probes[0].Limit /= 5 },
		"sustained.for: 5s in A, 2s in B":       func(r *Run) { r.Plan.Checks[0].Config = json.RawMessage(`{"sustained":{"for":"2s"}}`) },
		"check latency of ireland during dark:": func(r *Run) { r.Plan.Checks = r.Plan.Checks[:1] },
		"objective 10 in A":                     func(r *Run) { r.Plan, r.Verdict.Findings[0].Objective = nil, 12. },
	} {
		b := setOf(3, 3, 3, 3, 3)
		for i := range b.Runs {
			change(&b.Runs[i])
		}
		_, err := Of(setOf(3, 3, 3, 3, 3), b, rule)
		if unlike := (Unlike{}); !errors.As(err, &unlike) || !strings.Contains(err.Error(), want) {
			t.Errorf("it should say %s: %v", want, err)
		}
		forced := rule
		forced.Force = true
		if r, err := Of(setOf(3, 3, 3, 3, 3), b, forced); err != nil || len(r.Unlike) == 0 {
			t.Errorf("%s, by force: %v", want, err)
		}
	}
	zeros := setOf(3, 3, 3, 3, 3)
	for i := range zeros.Runs {
		zeros.Runs[i].Plan.Checks[0].Config = json.RawMessage(`{"sustained":{"for":"5s","gap":"0s"},"later":[]}`)
	}
	if _, err := Of(setOf(3, 3, 3, 3, 3), zeros, rule); err != nil {
		t.Errorf("what a later version says of nothing is no difference: %v", err)
	}
	mixed := setOf(3, 3)
	mixed.Runs[1].Verdict.Scenario = "dusk"
	if _, err := Of(mixed, mixed, rule); err == nil || !strings.Contains(err.Error(), "scenario: dark and dusk in A") {
		t.Errorf("a set of two drills: %v", err)
	}
}

// A folder is read whatever lies in it, and what isn't a run is told.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	for i := range 11 {
		write(t, filepath.Join(dir, "set", string(rune('0'+i/10))+"x", "run-"+string(rune('a'+i))), made(i+1, 3, 2))
	}
	write(t, filepath.Join(dir, "set", "copy"), made(1, 3, 2))
	put(t, filepath.Join(dir, "set", "verdict.json"), `{"schema": "regiondrill.verdicts/v1", "drills": []}`)
	put(t, filepath.Join(dir, "set", "torn", "verdict.json"), `{"schema": "regiondrill.ver`)
	put(t, filepath.Join(dir, "set", "foreign", "verdict.json"), `{"schema": "other/v1"}`)
	put(t, filepath.Join(dir, "set", "foreign-too", "verdict.json"), `[1]`)
	put(t, filepath.Join(dir, "set", "open", "history.jsonl"), "{}")
	write(t, filepath.Join(dir, "set", "half"), made(20, 3, 2))
	put(t, filepath.Join(dir, "set", "half", "history.jsonl"), `{"seq":1,"type":"pl`)
	simulated := made(21, 3, 2)
	simulated.Verdict.Virtual = true
	write(t, filepath.Join(dir, "set", "worst"), simulated)
	put(t, filepath.Join(dir, "empty", "note.txt"), "")

	s, err := Read(filepath.Join(dir, "set"))
	if err != nil || len(s.Runs) != 11 || s.Runs[0].Keys["probes.staff.every"] != "100ms" || s.Runs[0].Plan == nil {
		t.Fatalf("%+v, %v", s, err)
	}
	why := map[string]string{}
	for _, skipped := range s.Skipped {
		why[filepath.Base(skipped.Folder)] = skipped.Why
	}
	for folder, want := range map[string]string{"torn": "torn", "foreign": `schema "other/v1"`, "foreign-too": "verdict.json",
		"open": "regiondrill analyze", "half": "line 1 of the history", "copy": "the same run as",
		"worst": "it was simulated"} {
		if !strings.Contains(why[folder], want) {
			t.Errorf("%s: %q", folder, why[folder])
		}
	}
	for _, bad := range []string{"empty", "nowhere"} {
		if s, err := Read(filepath.Join(dir, bad)); err == nil {
			t.Errorf("%s: %+v", bad, s)
		}
	}
	if one, err := Read(filepath.Join(dir, "set", "copy")); err != nil || len(one.Runs) != 1 {
		t.Errorf("a run's own folder: %+v, %v", one, err)
	}
	torn, err := Read(filepath.Join(dir, "set", "torn"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Of(torn, torn, rule); err == nil || !strings.Contains(err.Error(), "none can be compared") {
		t.Errorf("of torn ones alone: %v", err)
	}
}

func TestNatural(t *testing.T) {
	for _, c := range [][2]string{{"runs/2", "runs/10"}, {"a", "b"}, {"a9b", "a10a"}, {"a", "a1"}, {"a01", "a2"}} {
		if natural(c[0], c[1]) >= 0 || natural(c[1], c[0]) <= 0 || natural(c[0], c[0]) != 0 {
			t.Errorf("%s comes before %s", c[0], c[1])
		}
	}
}

// BenchmarkCompare reads 2 × 200 runs and compares them.
func BenchmarkCompare(b *testing.B) {
	dir, draw := b.TempDir(), rand.New(rand.NewPCG(4, 5))
	for i, side := range []string{"a", "b"} {
		for n, run := range drawn(draw, 200, float64(2+i)).Runs {
			run.Verdict.Started = run.Verdict.Started.AddDate(0, 0, n)
			write(b, filepath.Join(dir, side, run.Folder), run)
		}
	}
	for b.Loop() {
		var sets [2]*Set
		for i, side := range []string{"a", "b"} {
			var err error
			if sets[i], err = Read(filepath.Join(dir, side)); err != nil {
				b.Fatal(err)
			}
		}
		if r := compare(b, sets[0], sets[1]); r.Answer != Worse || r.A.Counted != 200 {
			b.Fatal(r.Answer)
		}
	}
}
