// Package repetition is what many drills of one scenario conclude together. One drill is one draw of the phases of
// everything periodic; from many follows what is typical, how bad it gets, and with which confidence an objective is
// met (measurement.md 3.6).
package repetition

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Schema names the format of repetition.json.
const Schema = "regiondrill.repetition/v1"

// Confidence is that of all intervals and bounds, where nothing else was asked for.
const Confidence = 0.95

// Rule says how often a drill is repeated, and what for.
type Rule struct {
	Times      int     `json:"times"`      // at most
	Confidence float64 `json:"confidence"` // of all bounds and answers; 0: Confidence
	// Met asks whether every objective is met with at least that probability: repeating stops as soon as it is known.
	// 0: all Times are run.
	Met float64 `json:"met,omitempty"`
}

// Run is one of the drills.
type Run struct {
	Folder string        `json:"folder"` // below that of the result
	Seed   uint64        `json:"seed"`
	Grade  verdict.Grade `json:"grade"`
	// Discarded says why it counts nowhere: people could not sign in before the fault, or it was not run. A drill that
	// was slow is never discarded.
	Discarded string `json:"discarded,omitempty"`
}

// Result is what they conclude.
type Result struct {
	Schema     string        `json:"schema"`
	Scenario   string        `json:"scenario"`
	Target     string        `json:"target"`
	Version    string        `json:"version"`
	Rule       Rule          `json:"rule"`
	Runs       []Run         `json:"runs"`
	Counted    int           `json:"counted"` // runs that weren't discarded
	Grade      verdict.Grade `json:"grade"`
	Objectives []Objective   `json:"objectives"` // one a check of the scenario
}

// Objective is one check over all drills that count.
type Objective struct {
	Check string `json:"check"`
	Name  string `json:"name"`
	verdict.Subject
	Objective any `json:"objective,omitempty"` // as each drill's finding has it

	Met     int `json:"met"`
	Missed  int `json:"missed"`
	Unknown int `json:"unknown"` // of these drills it can't be told
	// AtLeast is the probability with which it is met at least, with Confidence; what can't be told counts as missed.
	AtLeast    float64          `json:"at_least"`
	Confidence float64          `json:"confidence"`
	Answer     inference.Answer `json:"answer,omitempty"` // to the rule's question

	Times  *Times `json:"times,omitempty"`  // where it is about a length of time
	Phases *Parts `json:"phases,omitempty"` // of a recovery, each of the drills that have phases
}

// Series is drills of one scenario, all run by a rule. The sequence that answers the rule's question is summed once,
// which takes the square of Times.
type Series struct {
	rule     Rule
	sequence *inference.Sequence // nil where the rule asks nothing
}

// NewSeries begins one.
func NewSeries(rule Rule) *Series {
	rule.Confidence = cmp.Or(rule.Confidence, Confidence)
	s := &Series{rule: rule}
	if rule.Met != 0 {
		s.sequence = inference.NewSequence(rule.Met, rule.Confidence, rule.Times)
	}
	return s
}

// Of concludes the drills so far.
func (s *Series) Of(drills []Drill) *Result {
	r := &Result{Schema: Schema, Rule: s.rule, Runs: []Run{}, Objectives: []Objective{}}
	var counted []*verdict.Verdict
	for _, d := range drills {
		r.Scenario, r.Target, r.Version = d.Verdict.Scenario, d.Verdict.Target, d.Verdict.Version
		run := Run{Folder: d.Folder, Seed: d.Verdict.Seed, Grade: d.Verdict.Grade, Discarded: Discarded(d.Verdict)}
		if r.Runs = append(r.Runs, run); run.Discarded == "" {
			counted = append(counted, d.Verdict)
		}
	}
	r.Counted = len(counted)
	if len(counted) > 0 {
		for i := range counted[0].Findings {
			r.Objectives = append(r.Objectives, s.objective(counted, i))
		}
	}
	r.Grade = r.grade()
	return r
}

// Drill is one that was concluded, and where.
type Drill struct {
	Folder  string
	Verdict *verdict.Verdict
}

// Discarded is why a drill tells nothing of recovery, empty where it does.
func Discarded(v *verdict.Verdict) string {
	i := slices.IndexFunc(v.Validity.Reasons, func(r verdict.Reason) bool {
		return r.Ends && (r.Code == verdict.Unsteady || r.Code == verdict.NotBegun || r.Code == verdict.RigLost)
	})
	if i < 0 {
		return ""
	}
	return v.Validity.Notes[i]
}

// objective is the i-th check. The drills have it at the same place, since they are of one scenario.
func (s *Series) objective(drills []*verdict.Verdict, i int) Objective {
	f := drills[0].Findings[i]
	o := Objective{Check: f.Check, Name: f.Name, Subject: f.Subject, Objective: f.Objective,
		Confidence: s.rule.Confidence}
	for _, v := range drills {
		switch found := v.Findings[i]; {
		case v.Validity.Grade != verdict.Pass:
			o.Unknown++
		case found.Grade == verdict.Pass:
			o.Met++
		case found.Grade == verdict.Fail:
			o.Missed++
		default:
			o.Unknown++
		}
	}
	o.AtLeast = inference.AtLeast(o.Met, len(drills), o.Confidence)
	o.Times, o.Phases = timesOf(drills, i, o.Confidence), phasesOf(drills, f)
	if s.sequence != nil {
		o.Answer = o.answer(s.sequence, len(drills))
	}
	return o
}

// answer doubts for either side what can't be told.
func (o *Objective) answer(sequence *inference.Sequence, n int) inference.Answer {
	worst, best := sequence.Says(n, o.Missed+o.Unknown), sequence.Says(n, o.Missed)
	switch {
	case worst == inference.Met:
		return inference.Met
	case best == inference.NotMet:
		return inference.NotMet
	case worst == inference.Unknown && best == inference.Unknown:
		return inference.Unknown
	}
	return inference.Open
}

// Open tells whether more drills are to be run: some are left, and they may tell what was asked.
func (r *Result) Open() bool {
	if len(r.Runs) >= r.Rule.Times {
		return false
	}
	if r.Rule.Met == 0 || r.Counted == 0 {
		return true
	}
	if slices.ContainsFunc(r.Objectives, func(o Objective) bool { return o.Answer == inference.NotMet }) {
		return false // all objectives must be met
	}
	return slices.ContainsFunc(r.Objectives, func(o Objective) bool { return o.Answer == inference.Open })
}

// grade is that of the question where one was asked, and else that of the drills: one that missed is a miss.
func (r *Result) grade() verdict.Grade {
	if r.Counted == 0 {
		return verdict.Unknown
	}
	grade := verdict.Pass
	for _, o := range r.Objectives {
		missed, unknown := o.Missed > 0, o.Unknown > 0
		if o.Answer != "" {
			missed, unknown = o.Answer == inference.NotMet, o.Answer != inference.Met
		}
		switch {
		case missed:
			return verdict.Fail
		case unknown:
			grade = verdict.Unknown
		}
	}
	return grade
}

// String is the answer in a few words.
func (o *Objective) String() string {
	n := o.Met + o.Missed + o.Unknown
	return fmt.Sprintf("met in %d of %d: with %g %% confidence at least %.0f in 100", o.Met, n, 100*o.Confidence,
		math.Floor(100*o.AtLeast))
}
