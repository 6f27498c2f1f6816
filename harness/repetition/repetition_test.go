package repetition

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

func seconds(s float64) *verdict.Seconds { v := verdict.Seconds(s); return &v }

// drill is one whose people were back after up to upper seconds, against an objective of ten.
func drill(upper float64) *verdict.Verdict {
	grade := verdict.Pass
	if upper > 10 {
		grade = verdict.Fail
	}
	took := &verdict.Interval{Lower: verdict.Seconds(upper - 0.1), Upper: seconds(upper)}
	return &verdict.Verdict{Scenario: "dark", Target: "lab", Grade: grade,
		Findings: []verdict.Finding{{Check: "recovery", Name: "back", Grade: grade, Objective: seconds(10), Actual: took,
			Subject: verdict.Subject{Probe: "staff", Fault: "dark", Measure: verdict.RecoveryTime}}},
		Measures: verdict.Measures{Validity: verdict.Validity{Grade: verdict.Pass},
			Recoveries: []verdict.Recovery{{Probe: "staff", Fault: "dark", EndedBy: verdict.Failover, Watched: seconds(30),
				RecoveryTimeActual: took, Phases: &verdict.Phases{Decide: 2, Authenticate: verdict.Seconds(upper - 2)}}}}}
}

func drills(uppers ...float64) []*verdict.Verdict {
	var all []*verdict.Verdict
	for _, u := range uppers {
		all = append(all, drill(u))
	}
	return all
}

// healed is one in which nobody got in before the fault had ended.
func healed() *verdict.Verdict {
	d := drill(31)
	d.Recoveries[0].EndedBy = verdict.Heal
	return d
}

// invalid is one whose measurement ended as unknown, for that reason.
func invalid(code verdict.Code) *verdict.Verdict {
	d := drill(3)
	d.Grade = verdict.Unknown
	d.Validity = verdict.Validity{Grade: verdict.Unknown, Notes: []string{"because of " + string(code)},
		Reasons: []verdict.Reason{{Code: code, Ends: true}}}
	return d
}

// of concludes drills that were run by a rule.
func of(rule Rule, drills []*verdict.Verdict) (result *Result, open bool) {
	s := NewSeries(rule)
	for _, v := range drills {
		s.Add("run", v)
	}
	return s.Result(), s.Open()
}

func TestOf(t *testing.T) {
	all := append(drills(2.5, 3, 2.9, 2.7, 2.6, 2.8), invalid(verdict.Unsteady))
	r, open := of(Rule{Times: 7}, all)
	if r.Grade != verdict.Pass || r.Counted != 6 || r.Runs[6].Discarded != "because of warm_up_unsteady" || open {
		t.Fatalf("%+v", r)
	}
	o := r.Objectives[0]
	if o.Met != 6 || o.Missed+o.Unknown != 0 || o.AtLeast < 0.60 || o.AtLeast > 0.61 || o.Answer != "" {
		t.Errorf("%+v", o)
	}
	// Of six, the median lies between the first and the last.
	if p := o.Times; *p.Median != 2.75 || *p.Lower != 2.5 || *p.Upper != 3 || *p.Min != 2.5 || *p.Max != 3 || p.P95 != nil {
		t.Errorf("%+v", p)
	}
	if p := o.Phases; p.N != 6 || p.Decide != 2 || p.Authenticate != 0.75 {
		t.Errorf("%+v", p)
	}
}

// Who never recovered is counted as longer than all others, and never as thirty seconds.
func TestNeverRecoveredIsNoLength(t *testing.T) {
	r, _ := of(Rule{Times: 7}, append(drills(2.5, 3, 2.9, 2.7, 2.6, 2.8), healed()))
	p := r.Objectives[0].Times
	if p.N != 7 || p.NeverRecovered != 1 || *p.Median != 2.8 || p.Max != nil || p.Upper != nil || *p.Drills[6].Watched != 30 {
		t.Errorf("%+v", p)
	}
	if r.Grade != verdict.Fail || r.Objectives[0].Missed != 1 {
		t.Errorf("%+v", r)
	}
	text, err := json.Marshal(r)
	if err != nil || strings.Contains(string(text), "Inf") || !strings.Contains(string(text), `"max":null`) {
		t.Errorf("%s, %v", text, err)
	}
}

// What can't be told is no evidence for either answer.
func TestUnknownDrills(t *testing.T) {
	r, _ := of(Rule{Times: 3}, append(drills(3, 3), invalid(verdict.FaultUnproven)))
	o := r.Objectives[0]
	if r.Grade != verdict.Unknown || o.Met != 2 || o.Unknown != 1 || o.AtLeast != inference.AtLeast(2, 3, Confidence) || o.Times.N != 2 {
		t.Errorf("%+v", o)
	}
	if r, _ := of(Rule{Times: 2}, []*verdict.Verdict{invalid(verdict.Unsteady), invalid(verdict.RigLost)}); r.Grade != verdict.Unknown || r.Counted != 0 {
		t.Errorf("all discarded: %+v", r)
	}
	if r, open := of(Rule{Times: 3}, nil); r.Grade != verdict.Unknown || !open {
		t.Errorf("none yet: %+v", r)
	}
}

// Repeating stops as soon as the answer is known, either way, or can't be any more.
func TestUntil(t *testing.T) {
	rule := Rule{Times: 100, Confidence: 0.95, Met: 0.9}
	run := func(next func(i int) *verdict.Verdict) *Result {
		s := NewSeries(rule)
		for n := 0; s.Open(); n++ {
			s.Add("run", next(n))
		}
		return s.Result()
	}
	good := run(func(int) *verdict.Verdict { return drill(3) })
	if len(good.Runs) != 29 || good.Grade != verdict.Pass || good.Objectives[0].Answer != inference.Met {
		t.Errorf("without a miss: %d drills, %+v", len(good.Runs), good.Objectives)
	}
	bad := run(func(i int) *verdict.Verdict { return drill(float64(3 + i%2*20)) })
	if len(bad.Runs) > 20 || bad.Grade != verdict.Fail {
		t.Errorf("half of them missed: %d drills, %s", len(bad.Runs), bad.Grade)
	}
	open := run(func(i int) *verdict.Verdict { return drill(float64(3 + i%10/9*20)) })
	if open.Grade != verdict.Unknown || open.Objectives[0].Answer != inference.Unknown {
		t.Errorf("nine in ten: %d drills, %+v", len(open.Runs), open.Objectives[0])
	}
	lost := run(func(i int) *verdict.Verdict {
		if i%2 == 0 {
			return invalid(verdict.Unsteady)
		}
		return drill(3)
	})
	if len(lost.Runs) != 58 || lost.Counted != 29 || lost.Grade != verdict.Pass {
		t.Errorf("half of them discarded: %d drills, %d count", len(lost.Runs), lost.Counted)
	}
}

// A drill that was cut short from outside counts nowhere, unlike one that its own rule ended; and so few drills as
// nobody asked for can miss, and not pass.
func TestStopped(t *testing.T) {
	cut, aborted := invalid(verdict.Stopped), invalid(verdict.Stopped)
	cut.Validity.Reasons[0].CutShort = true
	s := NewSeries(Rule{Times: 5})
	for _, v := range []*verdict.Verdict{drill(3), drill(3), cut} {
		s.Add("run", v)
	}
	s.Stop("the time was up")
	r := s.Result()
	if r.Grade != verdict.Unknown || r.Counted != 2 || r.Runs[2].Discarded == "" || r.Stopped != "the time was up" || r.Objectives[0].Grade() != verdict.Pass {
		t.Errorf("%+v", r)
	}
	s.Add("run", drill(12))
	if r := s.Result(); r.Grade != verdict.Fail {
		t.Errorf("one missed: %+v", r)
	}
	s.Add("run", aborted)
	s.Stop("too late: all were run")
	if r := s.Result(); r.Counted != 4 || r.Objectives[0].Unknown != 1 || r.Stopped != "the time was up" {
		t.Errorf("%+v", r)
	}
}

// What was written is read as it was, and its drills are kept where all their folders are there, and below it.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); err == nil || Holds(dir) {
		t.Errorf("an empty folder holds one: %v", err)
	}
	s := NewSeries(Rule{Times: 3, Met: 0.5})
	for i, v := range append(drills(2.5, 3), healed()) {
		for k := range v.Findings {
			v.Findings[k].Objective = verdict.Seconds(10)
		}
		s.Add(string(rune('1'+i)), v)
	}
	wrote := s.Result()
	text, err := json.Marshal(wrote)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, File), text, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read(dir)
	if err != nil || !reflect.DeepEqual(r.Objectives, wrote.Objectives) || !reflect.DeepEqual(r.Runs, wrote.Runs) {
		t.Fatalf("it reads %+v, %v", r, err)
	}
	for _, name := range []string{"1", "2", "3"} {
		if r.Kept(dir) {
			t.Errorf("all are kept without %s", name)
		}
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if !r.Kept(dir) {
		t.Error("none is kept")
	}
	if r.Runs[0].Folder = "../" + filepath.Base(dir) + "/1"; r.Kept(dir) {
		t.Error("a drill elsewhere is none of it")
	}
	if err := os.WriteFile(filepath.Join(dir, File), []byte(`{"schema": "other/v1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "other/v1") {
		t.Error(err)
	}
}

// TestAQuestionHasItsAnswerAndNoBound: by how many drills there were no bound can be told where that depended on them.
func TestAQuestionHasItsAnswerAndNoBound(t *testing.T) {
	for upper, want := range map[float64]inference.Answer{3: inference.Met, 11: inference.NotMet} {
		s := NewSeries(Rule{Times: 100, Met: 0.8})
		for s.Open() {
			s.Add("", drill(upper))
		}
		o := s.Result().Objectives[0]
		if claimed := map[inference.Answer]float64{inference.Met: 0.8}[want]; o.Answer != want || o.AtLeast != claimed {
			t.Errorf("after %d met and %d missed: %s, at least %v; want %s, %v",
				o.Met, o.Missed, o.Answer, o.AtLeast, want, claimed)
		}
	}
}
