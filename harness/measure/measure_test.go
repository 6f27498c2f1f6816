package measure

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// load reads a golden history by name; analysis holds its whole verdict, this package its numbers.
func load(t *testing.T, name string) *history.History {
	t.Helper()
	ar, err := txtar.ParseFile("../analysis/testdata/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == history.HistoryFile })
	h, err := history.Read(strings.NewReader(string(ar.Files[i].Data)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestFlagshipByHand holds the numbers that were worked out on paper before there was a program.
func TestFlagshipByHand(t *testing.T) {
	m := Measure(load(t, "flagship"))
	r := m.Recovery("staff", "virginia-dark")
	is := func(what string, got *verdict.Interval, lower, upper verdict.Seconds) {
		t.Helper()
		if got == nil || got.Upper == nil || got.Lower != lower || *got.Upper != upper {
			t.Errorf("%s is %+v, want [%v, %v]", what, got, lower, upper)
		}
	}
	is("time to first success", r.TimeToFirstSuccess, 2.936, 3.016)
	is("recovery time actual", r.RecoveryTimeActual, 2.936, 3.016)
	is("failback", r.Failback, 0.168, 0.258)
	if want := (verdict.Phases{Detect: 0.08, Decide: 2, Steer: 0.08, Authenticate: 0.856}); *r.Phases != want {
		t.Errorf("phases %+v, want %+v", *r.Phases, want)
	}
	if r.EndedBy != verdict.Failover || r.RecoveredIn != "eu-west-1" || r.Flaps != 0 || len(r.Outages) != 0 {
		t.Errorf("ended by %s in %s, %d flaps, outages %v", r.EndedBy, r.RecoveredIn, r.Flaps, r.Outages)
	}
	w := m.Window("staff", "virginia-dark", verdict.Fault)
	if w.Attempts != 301 || w.Good != 301 || w.Carried["eu-west-1"] != 283 || w.Carried["us-east-1"] != 18 || w.Latency.P50 != 2.936 {
		t.Errorf("fault window %+v", w)
	}
	if notes := m.Validity.Notes; len(notes) == 0 || notes[0] != "1 attempt of staff is in no window" {
		t.Errorf("notes %v", notes)
	}
}

// random makes a run of one probe and one fault in which anything may happen to anybody.
func random(rng *rand.Rand) *history.History {
	h := &history.History{Plan: history.Plan{Schema: history.Schema, WarmUp: history.Seconds(5), Settle: history.Seconds(20),
		Probes: []history.Probe{{Name: "p", Home: "us-east-1", Every: history.Seconds(1), Limit: history.Seconds(4)}},
		Faults: []history.Fault{{Name: "f"}}}}
	change := func(kind history.ChangeKind, at float64) {
		if rng.IntN(20) > 0 {
			h.Events = append(h.Events, history.Event{At: history.Seconds(at), Type: history.TypeFault,
				Fault: &history.Change{Name: "f", Change: kind, Edges: []history.Edge{{Edge: "a→b", At: history.Seconds(at)}}}})
		}
	}
	change(history.Requested, 10)
	change(history.Effective, 10+rng.Float64())
	change(history.Healing, 30)
	change(history.Healed, 30+rng.Float64())
	outcomes := []history.Outcome{history.Good, history.Good, history.Bad, history.Unknown, history.Dropped}
	for k := range 55 {
		due := float64(k) - 5 + rng.Float64()/4
		a := history.Attempt{Probe: "p", Seq: int64(k),
			Due: history.Seconds(due), Began: history.Seconds(due), Ended: history.Seconds(due + 4*rng.Float64()),
			Outcome: outcomes[rng.IntN(len(outcomes))], Region: []string{"us-east-1", "eu-west-1"}[rng.IntN(2)],
			Steps: []history.Step{{Name: history.StepHome, At: history.Seconds(due), Took: history.Seconds(3 * rng.Float64())},
				{Name: history.StepPortal, Region: "eu-west-1", At: history.Seconds(due + 4*rng.Float64())}}}
		if a.Outcome != history.Good {
			a.Region = ""
		}
		h.Attempts, h.SeqOf = append(h.Attempts, a), append(h.SeqOf, int64(k+10))
	}
	h.End, h.EndAt = &history.End{Reason: history.Completed, Undone: true}, history.Seconds(54)
	return h
}

// TestWhateverHappens holds what must be true of any history.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h := random(rng)
		m := Measure(h)
		r := m.Recoveries[0]
		for _, i := range []*verdict.Interval{r.TimeToFirstSuccess, r.RecoveryTimeActual, r.Failback} {
			if i != nil && (i.Lower < 0 || (i.Upper != nil && *i.Upper < i.Lower)) {
				t.Fatalf("seed %d: interval %+v", seed, i)
			}
		}
		if a, f := r.RecoveryTimeActual, r.TimeToFirstSuccess; a != nil && f != nil && a.Lower < f.Lower {
			t.Fatalf("seed %d: back for good from %v on, before anybody was in, from %v on", seed, a.Lower, f.Lower)
		}
		if p := r.Phases; p != nil {
			sum := history.Seconds(float64(p.Detect)) + history.Seconds(float64(p.Decide)) + history.Seconds(float64(p.Steer)) +
				history.Seconds(float64(p.Authenticate)) + history.Seconds(float64(p.Stabilise))
			if sum != history.Seconds(float64(*r.RecoveryTimeActual.Upper)) {
				t.Fatalf("seed %d: phases %+v sum to %s, not %v", seed, p, sum, *r.RecoveryTimeActual.Upper)
			}
			if min(p.Detect, p.Decide, p.Steer, p.Authenticate, p.Stabilise) < 0 {
				t.Fatalf("seed %d: a negative phase: %+v", seed, p)
			}
		}
		for _, w := range m.Windows {
			if w.Attempts != w.Good+w.Bad+w.Unknown+w.Dropped {
				t.Fatalf("seed %d: a window that doesn't add up: %+v", seed, w)
			}
		}
		if again := Measure(shuffled(h, rng)); encode(t, again) != encode(t, m) {
			t.Fatalf("seed %d: the order of the lines changes the measures", seed)
		}
	}
}

// shuffled has the same attempts in the order in which some other run of the same events could have written them.
func shuffled(h *history.History, rng *rand.Rand) *history.History {
	s := *h
	s.Attempts, s.SeqOf = slices.Clone(h.Attempts), slices.Clone(h.SeqOf)
	rng.Shuffle(len(s.Attempts), func(i, j int) {
		s.Attempts[i], s.Attempts[j] = s.Attempts[j], s.Attempts[i]
		s.SeqOf[i], s.SeqOf[j] = s.SeqOf[j], s.SeqOf[i]
	})
	return &s
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMissingEvidenceWidens shows that an attempt that becomes unknown or dropped never narrows the interval.
func TestMissingEvidenceWidens(t *testing.T) {
	for seed := range uint64(500) {
		h := random(rand.New(rand.NewPCG(seed, 2)))
		before := Measure(h).Recoveries[0].TimeToFirstSuccess
		for i := range h.Attempts {
			was := h.Attempts[i].Outcome
			if was != history.Bad {
				continue
			}
			h.Attempts[i].Outcome = history.Unknown
			after := Measure(h).Recoveries[0].TimeToFirstSuccess
			h.Attempts[i].Outcome = was
			if before == nil || before.Upper == nil {
				continue
			}
			if after.Lower > before.Lower || *after.Upper != *before.Upper {
				t.Fatalf("seed %d: without attempt %d %+v became %+v", seed, i, before, after)
			}
		}
	}
}

// TestWhatFailedFirstIsTold: a fault that was never in force is not explained by its not having been seen to heal.
func TestWhatFailedFirstIsTold(t *testing.T) {
	h := &history.History{Plan: history.Plan{Faults: []history.Fault{{Name: "f"}}}, End: &history.End{Reason: history.Completed}}
	for at, c := range []history.Change{{Change: history.Requested}, {Change: history.Unproven, Detail: "effective: the canary was answered"},
		{Change: history.Healing}, {Change: history.Unproven, Detail: "healed: the canary was lost"}} {
		c.Name = "f"
		h.Events = append(h.Events, history.Event{At: history.Instant(at), Type: history.TypeFault, Fault: &c})
	}
	want := "f: it was never proven in force: effective: the canary was answered"
	if got := Measure(h).Validity.Notes; len(got) != 1 || got[0] != want {
		t.Errorf("notes %q, want %q", got, want)
	}
}

// TestSomebodyAlwaysGetsIn shows that people are not called uninterrupted because every third of them gets in.
func TestSomebodyAlwaysGetsIn(t *testing.T) {
	h := random(rand.New(rand.NewPCG(1, 3)))
	h.Plan.Probes[0].Every = history.Seconds(0.1)
	h.Events, h.Attempts, h.SeqOf = nil, nil, nil
	for i, kind := range []history.ChangeKind{history.Requested, history.Effective, history.Healing, history.Healed} {
		h.Events = append(h.Events, history.Event{
			At: history.Seconds([]float64{10, 10, 30, 30}[i]), Type: history.TypeFault,
			Fault: &history.Change{Name: "f", Change: kind},
		})
	}
	for k := range 500 {
		due := history.Seconds(float64(k) / 10)
		a := history.Attempt{Probe: "p", Seq: int64(k), Due: due, Began: due, Ended: due + history.Seconds(0.1),
			Outcome: history.Good, Region: "us-east-1"}
		if due > history.Seconds(10) && due < history.Seconds(30) && k%3 > 0 {
			a.Outcome, a.Region = history.Bad, ""
		}
		h.Attempts, h.SeqOf = append(h.Attempts, a), append(h.SeqOf, int64(k))
	}
	if r := Measure(h).Recoveries[0]; r.EndedBy == verdict.None || *r.RecoveryTimeActual.Upper < 15 {
		t.Errorf("ended by %s after %+v", r.EndedBy, r.RecoveryTimeActual)
	}
}

// TestDoubtsBeforeRemarks: what is told first of a measurement that is not valid is why.
func TestDoubtsBeforeRemarks(t *testing.T) {
	h := load(t, "two-probes-disagree")
	for i := range h.Attempts {
		a := &h.Attempts[i]
		a.Began = max(a.Began, a.Due+h.Plan.Probe(a.Probe).Every/2)
	}
	notes := Measure(h).Validity.Notes
	if len(notes) < 2 || !strings.Contains(notes[0], "disagree") || !strings.Contains(strings.Join(notes[1:], " "), "ms late") {
		t.Errorf("notes %q", notes)
	}
}

// TestWhateverAPlanSays: no period, window or fault that was never requested breaks measuring.
func TestWhateverAPlanSays(t *testing.T) {
	for _, every := range []float64{-1, 0, 1, 3e9} {
		for _, window := range []float64{-5, 0, 3e9} {
			h := random(rand.New(rand.NewPCG(1, 5)))
			h.Plan.Probes[0].Every = history.Seconds(every)
			h.Plan.Probes = append(h.Plan.Probes, history.Probe{Name: "q", Home: "eu-west-1"})
			h.Plan.Sustained = []history.Sustained{{Probe: "p", Fault: "f", For: history.Seconds(window)}}
			h.Events = slices.DeleteFunc(h.Events, func(e history.Event) bool { return e.Fault.Change == history.Requested })
			for i := range h.Attempts {
				h.Attempts[i].Outcome, h.Attempts[i].Region = history.Good, "eu-west-1"
			}
			Measure(h)
		}
	}
}

// TestAnEdgeThatWasNeverProven: a fault that one canary didn't see is not proven by the others.
func TestAnEdgeThatWasNeverProven(t *testing.T) {
	h := load(t, "flagship")
	h.Events = append(h.Events, history.Event{At: history.Seconds(11), Type: history.TypeFault,
		Fault: &history.Change{Name: "virginia-dark", Change: history.Unproven, Detail: "effective: a canary was answered"}})
	if v := Measure(h).Validity; v.Grade != verdict.Unknown || v.FaultsProven {
		t.Errorf("validity %+v", v)
	}
}

// TestUnknownAmongTheKeptOut: one person of whom nobody knows what came hides no stretch of seconds in which all others
// waited and nobody got in.
func TestUnknownAmongTheKeptOut(t *testing.T) {
	h := load(t, "flagship")
	for i := range h.Attempts {
		a := &h.Attempts[i]
		if a.Outcome == history.Good && a.Ended > history.Seconds(20) && a.Ended < history.Seconds(24) {
			a.Ended = history.Seconds(24) + (history.Seconds(24)-a.Due)/1000 // who came last gets in first
		}
		if a.Due == history.Seconds(20.5) {
			a.Outcome, a.Region = history.Unknown, ""
		}
	}
	if r := Measure(h).Recoveries[0]; r.RecoveryTimeActual.Lower < 10 || r.Flaps != 1 {
		t.Errorf("%+v, %d flaps", r.RecoveryTimeActual, r.Flaps)
	}
}

// TestNobodySeen: of people who were seen no more nobody can say that they were not in.
func TestNobodySeen(t *testing.T) {
	h := load(t, "never-recovered")
	for i := range h.Attempts {
		if a := &h.Attempts[i]; a.Due > history.Seconds(15) {
			a.Outcome, a.Class = history.Unknown, history.ClassHarness
		}
	}
	r := Measure(h).Recoveries[0]
	if r.TimeToFirstSuccess.Upper != nil || r.TimeToFirstSuccess.Lower > 5 || r.RecoveryTimeActual != nil || len(r.Doubts) == 0 {
		t.Errorf("first success %+v, recovery %+v, doubts %q", r.TimeToFirstSuccess, r.RecoveryTimeActual, r.Doubts)
	}
}

// TestUnderWayWhenTheNextFaultCame: sign-ins that another fault met on their way are no evidence, and no hole either:
// people were watched until the first of them came, and were home by then.
func TestUnderWayWhenTheNextFaultCame(t *testing.T) {
	h := load(t, "second-outage-alike")
	for i := range h.Attempts {
		if a := &h.Attempts[i]; a.Due > history.Seconds(14) && a.Due < history.Seconds(20) {
			a.Ended = a.Due + history.Seconds(2.9)
		}
	}
	r := Measure(h).Recoveries[0]
	if r.Failback == nil || r.Failback.Upper == nil || *r.Failback.Upper > 3.1 {
		t.Errorf("failback %+v", r.Failback)
	}
}
