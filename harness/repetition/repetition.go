// Package repetition is what many drills of one scenario conclude together. One drill is one draw of the phases of
// everything periodic; from many follows what is typical, how bad it gets, and with which confidence an objective is
// met (measurement.md 3.6).
package repetition

import (
	"cmp"
	"slices"
	"time"

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
	// Discarded says why it counts nowhere: people could not sign in before the fault, it was not run, or it was cut short
	// from outside. A drill that was slow is never discarded.
	Discarded string `json:"discarded,omitempty"`
}

// Result is what they conclude.
type Result struct {
	Schema   string          `json:"schema"`
	Scenario string          `json:"scenario"`
	Target   string          `json:"target"`
	Version  string          `json:"version"`
	Virtual  bool            `json:"virtual,omitempty"` // they were simulated, and their dates mean nothing
	Started  time.Time       `json:"started"`           // the first of them
	Seconds  verdict.Seconds `json:"seconds"`           // of all of them together
	Rule     Rule            `json:"rule"`
	Runs     []Run           `json:"runs"`
	Counted  int             `json:"counted"` // runs that weren't discarded
	// Stopped says why fewer were run than the rule asks for; empty where all were, or where the answer was known.
	Stopped    string        `json:"stopped,omitempty"`
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
	// Where the rule asks for one it is that, if the answer is yes, and else 0: a bound by how many drills there were
	// doesn't hold where that depended on what came of them.
	AtLeast    float64          `json:"at_least"`
	Confidence float64          `json:"confidence"`
	Answer     inference.Answer `json:"answer,omitempty"` // to the rule's question

	Times  *Times `json:"times,omitempty"`  // where it is about a length of time
	Phases *Parts `json:"phases,omitempty"` // of a recovery, each of the drills that have phases
}

// Series is drills of one scenario, all run by a rule. It keeps of each drill what its result tells, and not its
// verdict. The sequence that answers the rule's question is summed once, which takes the square of Times.
type Series struct {
	rule     Rule
	sequence *inference.Sequence // nil where the rule asks nothing
	result   Result              // but for what is concluded
	at       []int               // of each objective, where it is among the findings of a verdict
	samples  [][]Sample          // of each objective
}

// NewSeries begins one.
func NewSeries(rule Rule) *Series {
	rule.Confidence = cmp.Or(rule.Confidence, Confidence)
	s := &Series{rule: rule, result: Result{Schema: Schema, Rule: rule, Runs: []Run{}, Objectives: []Objective{}}}
	if rule.Met != 0 {
		s.sequence = inference.NewSequence(rule.Met, rule.Confidence, rule.Times)
	}
	return s
}

// Add adds a drill that was concluded. Its folder is empty where none was kept.
func (s *Series) Add(folder string, v *verdict.Verdict) {
	r := &s.result
	if len(r.Runs) == 0 {
		r.Started = v.Started
	}
	r.Scenario, r.Target, r.Version, r.Virtual = v.Scenario, v.Target, v.Version, v.Virtual
	r.Seconds += v.Seconds
	run := Run{Folder: folder, Seed: v.Seed, Grade: v.Grade, Discarded: Discarded(v)}
	if r.Runs = append(r.Runs, run); run.Discarded != "" {
		return
	}
	if r.Counted++; r.Counted == 1 {
		for i, f := range v.Findings {
			if f.Grade == verdict.Skipped { // so it is in all of them, and in none was it tried
				continue
			}
			s.at = append(s.at, i)
			r.Objectives = append(r.Objectives, Objective{Check: f.Check, Name: f.Name, Subject: f.Subject,
				Objective: f.Objective, Confidence: s.rule.Confidence})
		}
		s.samples = make([][]Sample, len(s.at))
	}
	for i, at := range s.at {
		r.Objectives[i].count(v, v.Findings[at])
		if sample, ok := SampleOf(v, v.Findings[at]); ok && v.Validity.Grade == verdict.Pass {
			sample.Run, sample.Grade = len(r.Runs), v.Findings[at].Grade
			s.samples[i] = append(s.samples[i], sample)
		}
	}
}

// count counts whether the objective was met in one more drill. The drills have it at the same place, since they are of
// one scenario.
func (o *Objective) count(v *verdict.Verdict, found verdict.Finding) {
	switch {
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

// Open tells whether more drills are to be run: some are left, and they may tell what was asked.
func (s *Series) Open() bool {
	switch r := &s.result; {
	case len(r.Runs) >= s.rule.Times:
		return false
	case s.sequence == nil || r.Counted == 0:
		return true
	}
	open := false
	for i := range s.result.Objectives {
		switch s.result.Objectives[i].answer(s.sequence) {
		case inference.NotMet: // all objectives must be met
			return false
		case inference.Open:
			open = true
		}
	}
	return open
}

// Stop says why no more drills are run, though the rule asks for more; where it doesn't, it says nothing.
func (s *Series) Stop(why string) {
	if s.Open() {
		s.result.Stopped = why
	}
}

// Result is what the drills so far conclude.
func (s *Series) Result() *Result {
	r := s.result
	r.Runs, r.Objectives = slices.Clone(r.Runs), slices.Clone(r.Objectives)
	for i := range r.Objectives {
		o := &r.Objectives[i]
		o.Times, o.Phases = timesOf(s.samples[i], o.Confidence), partsOf(s.samples[i])
		if s.sequence == nil {
			o.AtLeast = inference.AtLeast(o.Met, r.Counted, o.Confidence)
		} else if o.Answer = o.answer(s.sequence); o.Answer == inference.Met {
			o.AtLeast = s.rule.Met
		}
	}
	r.Grade = r.grade()
	return &r
}

// Discarded is why a drill tells nothing of recovery, empty where it does.
func Discarded(v *verdict.Verdict) string {
	i := slices.IndexFunc(v.Validity.Reasons, func(r verdict.Reason) bool {
		return r.Ends && (r.CutShort || r.Code == verdict.Unsteady || r.Code == verdict.NotBegun || r.Code == verdict.RigLost)
	})
	if i < 0 {
		return ""
	}
	return v.Validity.Notes[i]
}

// answer doubts for either side what can't be told.
func (o *Objective) answer(sequence *inference.Sequence) inference.Answer {
	n := o.Met + o.Missed + o.Unknown
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

// grade is the worst of the objectives'. So few drills as were not asked for can miss, and not pass.
func (r *Result) grade() verdict.Grade {
	if r.Counted == 0 {
		return verdict.Unknown
	}
	grade := verdict.Pass
	if r.Stopped != "" {
		grade = verdict.Unknown
	}
	for i := range r.Objectives {
		switch r.Objectives[i].Grade() {
		case verdict.Fail:
			return verdict.Fail
		case verdict.Unknown:
			grade = verdict.Unknown
		}
	}
	return grade
}

// Grade is that of the question where one was asked, and else that of the drills: one that missed is a miss.
func (o *Objective) Grade() verdict.Grade {
	missed, unknown := o.Missed > 0, o.Unknown > 0
	if o.Answer != "" {
		missed, unknown = o.Answer == inference.NotMet, o.Answer != inference.Met
	}
	switch {
	case missed:
		return verdict.Fail
	case unknown:
		return verdict.Unknown
	}
	return verdict.Pass
}

// Worse tells whether a drill ended worse than another of its scenario: by its grade, then by how many objectives it
// missed, and then by who was out the longest.
func Worse(a, b *verdict.Verdict) bool {
	if a.Grade != b.Grade {
		return badness[a.Grade] > badness[b.Grade]
	}
	x, y := missed(a), missed(b)
	if x == y {
		return longest(a) > longest(b)
	}
	return x > y
}

var badness = map[verdict.Grade]int{verdict.Fail: 2, verdict.Unknown: 1}

func missed(v *verdict.Verdict) (n int) {
	for _, f := range v.Findings {
		if f.Grade == verdict.Fail {
			n++
		}
	}
	return n
}

func longest(v *verdict.Verdict) (most verdict.Seconds) {
	for _, f := range v.Findings {
		if s, ok := SampleOf(v, f); ok {
			most = max(most, s.Longest())
		}
	}
	return most
}
