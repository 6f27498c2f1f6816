// Package comparison tells whether a scenario's runs before and after a change differ: by how much recovery and all
// else that its runs measured has shifted, with which confidence, and whether that is more than what counts as
// nothing (measurement.md 3.6). It reads what was concluded of each run, and concludes nothing of a run anew.
package comparison

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Schema names the format of comparison.json.
const Schema = "regiondrill.comparison/v1"

// Answer is how B stands against A.
type Answer string

// The answers. NotWorse is the same or better, and which of them can't be told.
const (
	Better   Answer = "better"
	Same     Answer = "same"
	NotWorse Answer = "not worse"
	Worse    Answer = "worse"
	CantTell Answer = "can't tell"
)

// Grade is that of an answer, for exit codes and exporters.
func (a Answer) Grade() verdict.Grade {
	switch a {
	case Better, Same, NotWorse:
		return verdict.Pass
	case Worse:
		return verdict.Fail
	}
	return verdict.Unknown
}

// Rule says what counts.
type Rule struct {
	Confidence float64 `json:"confidence"` // of intervals, and that nothing is called different which isn't
	// Effect is what must have shifted to be called different, as a share of A's median; and so must AtLeast, nil for two
	// periods of the people who measure it.
	Effect  float64          `json:"effect"`
	AtLeast *verdict.Seconds `json:"at_least,omitempty"`
	Force   bool             `json:"force,omitempty"` // compare what isn't alike
}

// DefaultEffect is Rule's where nothing else was asked for.
const DefaultEffect = 0.1

// Result is what two sets of runs tell together.
type Result struct {
	Schema   string `json:"schema"`
	Scenario string `json:"scenario"`
	Target   string `json:"target"`
	// Environment is that of all runs; empty where they are of several, or don't say.
	Environment string       `json:"environment,omitempty"`
	Rule        Rule         `json:"rule"`
	Answer      Answer       `json:"answer"`
	A           Side         `json:"a"`
	B           Side         `json:"b"`
	Unlike      []Difference `json:"unlike"`  // that would have been refused without Force
	Differs     []Difference `json:"differs"` // what else isn't alike, which may be the point
	Measures    []Measure    `json:"measures"`
	Notes       []string     `json:"notes"` // sentences, for people
}

// Side is one of the sets.
type Side struct {
	Path    string     `json:"path"`
	Runs    []Compared `json:"runs"`
	Counted int        `json:"counted"` // runs that measured something
	Skipped []Skipped  `json:"skipped"` // folders that are no run's, or can't be read
}

// Compared is a run.
type Compared struct {
	Folder  string        `json:"folder"`
	Seed    uint64        `json:"seed"`
	Started time.Time     `json:"started"`
	Grade   verdict.Grade `json:"grade"`
	LeftOut string        `json:"left_out,omitempty"` // why it counts nowhere
}

// Unlike is the error of sets that aren't of one drill.
type Unlike []Difference

// Error names each difference on a line.
func (u Unlike) Error() string {
	var b strings.Builder
	b.WriteString("the runs are not of one drill, and can't be compared (--force does all the same):")
	for _, d := range u {
		b.WriteString("\n  " + d.String())
		switch d.Key {
		case "scenario":
			b.WriteString(" (--scenario NAME picks one)")
		case definition:
			b.WriteString(" (regiondrill analyze concludes a run by this program's)")
		}
	}
	return b.String()
}

// Of compares two sets. Its error is Unlike, or says that a set has no run.
func Of(a, b *Set, rule Rule) (*Result, error) {
	for _, s := range []*Set{a, b} {
		if len(s.Runs) == 0 {
			return nil, fmt.Errorf("of the runs in %s none can be compared: %s: %s", s.Path, s.Skipped[0].Folder,
				s.Skipped[0].Why)
		}
	}
	alien := unlike(a, b)
	if len(alien) > 0 && !rule.Force {
		return nil, Unlike(alien)
	}
	v := a.Runs[0].Verdict
	r := &Result{Schema: Schema, Scenario: v.Scenario, Target: v.Target, Rule: rule, A: sideOf(a), B: sideOf(b),
		Unlike: alien, Differs: differing(a, b), Notes: notes(a, b)}
	r.Environment = environment(a, b)
	r.Measures = measures(a, b, rule)
	r.Answer = overall(r.Measures)
	for _, list := range []*[]Difference{&r.Unlike, &r.Differs} {
		if *list == nil {
			*list = []Difference{}
		}
	}
	return r, nil
}

// environment is that of all runs; empty where they are of several, or one of them doesn't say.
func environment(sets ...*Set) string {
	said := map[string]bool{}
	for _, s := range sets {
		for _, run := range s.Runs {
			if run.Plan == nil {
				return ""
			}
			said[run.Plan.Environment] = true
		}
	}
	if len(said) != 1 {
		return ""
	}
	return slices.Collect(maps.Keys(said))[0]
}

// overall is the answer of what decides: worse if any of it is, else unknown if what must be told can't be. A measure
// beside recovery that can't be told makes nothing unknown, because of many there is always one; unless a side has no
// run at all that tells of it.
func overall(all []Measure) Answer {
	said := map[Answer]bool{}
	for _, m := range all {
		if m.Decides && (m.MustTell || m.Answer != CantTell) {
			said[m.Answer] = true
		}
	}
	for _, a := range []Answer{Worse, CantTell, Better, NotWorse, Same} {
		if said[a] {
			return a
		}
	}
	return CantTell // nothing was measured
}

func sideOf(s *Set) Side {
	side := Side{Path: s.Path, Runs: []Compared{}, Skipped: append([]Skipped{}, s.Skipped...)}
	for _, run := range s.Runs {
		v := run.Verdict
		c := Compared{Folder: run.Folder, Seed: v.Seed, Started: v.Started, Grade: v.Grade, LeftOut: LeftOut(v)}
		if side.Runs = append(side.Runs, c); c.LeftOut == "" {
			side.Counted++
		}
	}
	return side
}

// LeftOut is why a run counts nowhere, empty where it does.
func LeftOut(v *verdict.Verdict) string {
	if why := repetition.Discarded(v); why != "" || v.Validity.Grade == verdict.Pass {
		return why
	}
	if len(v.Validity.Notes) > 0 {
		return v.Validity.Notes[0]
	}
	return "its measurement is not valid"
}

// notes are what a reader must know to believe the answer.
func notes(a, b *Set) []string {
	said := []string{}
	started := map[string]bool{}
	for _, run := range a.Runs {
		started[fmt.Sprint(run.Verdict.Seed, run.Verdict.Started)] = true
	}
	both := 0
	for _, run := range b.Runs {
		if started[fmt.Sprint(run.Verdict.Seed, run.Verdict.Started)] {
			both++
		}
	}
	if both > 0 {
		said = append(said, fmt.Sprintf("%s in A too, which makes the sets look more alike than they are",
			inflected(both, "of the runs in B is", "of the runs in B are")))
	}
	if x, y := busy(a), busy(b); x+y > 0 {
		said = append(said, fmt.Sprintf("the machine was busy in %d of the %d runs of A and %d of the %d of B: what "+
			"differs may be the machine's", x, len(a.Runs), y, len(b.Runs)))
	}
	version := func(r *Run, _ bool) map[string]string { return map[string]string{"version": r.Verdict.Version} }
	if len(differences(a, b, version, true)) > 0 {
		said = append(said, "the runs were recorded by different versions, which may have measured in other ways")
	}
	if !allPlanned(a) || !allPlanned(b) {
		said = append(said, "some runs have no history beside their verdict: what their scenarios say was not compared, nor "+
			"how often people came"+unasked(a, b))
	}
	return said
}

// unasked names the checks of latency that runs have without a history: which quantiles they ask for stands there
// alone, so that they are not compared.
func unasked(sets ...*Set) string {
	var names []string
	for _, s := range sets {
		for _, run := range s.Runs {
			for _, f := range run.Verdict.Findings {
				if run.Plan == nil && f.Measure == verdict.LatencyQuantiles && !slices.Contains(names, f.Name) {
					names = append(names, f.Name)
				}
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; which quantiles these checks ask for is not known there, so that they decide nothing by such runs: " +
		strings.Join(names, ", ")
}

func inflected(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// busy counts the runs in which somebody waited for the machine.
func busy(s *Set) int {
	n := 0
	for _, run := range s.Runs {
		if slices.ContainsFunc(run.Verdict.Validity.Reasons, func(r verdict.Reason) bool {
			return r.Code == verdict.BusyMachine || r.Code == verdict.LateSchedule
		}) {
			n++
		}
	}
	return n
}

// Decided are the measures that decide, those that decided it first.
func (r *Result) Decided() []Measure {
	var first, then []Measure
	for _, m := range r.Measures {
		switch {
		case !m.Decides:
		case m.Answer == r.Answer:
			first = append(first, m)
		default:
			then = append(then, m)
		}
	}
	return slices.Concat(first, then)
}

// Informing are the measures that don't.
func (r *Result) Informing() []Measure {
	return slices.DeleteFunc(slices.Clone(r.Measures), func(m Measure) bool { return m.Decides })
}
