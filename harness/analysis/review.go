package analysis

import (
	"cmp"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// review holds what a scenario asks for against what its own people, faults and times allow to be measured. What leaves
// no truthful verdict is a mistake; what leaves one that may be of no use is a remark. Its rules are in rules.go.
type review struct {
	s        *scenario.Scenario
	plan     *history.Plan
	steering Steering
	made     []compiled

	mistakes scenario.Errors
	remarks  []scenario.Remark
}

// objective is one check beside what it is about. Probe and fault are empty where the plan has none of that name, which
// the check's own Problems tell; a period of 0 was refused by the reader.
type objective struct {
	compiled
	window  string
	within  history.Instant // in which people must be back; 0: it doesn't ask
	lasting history.Instant // and for how long they must be seen to stay
	probe   history.Probe
	fault   history.Fault
	watched history.Instant // how long the window is open
	next    string          // the fault that closes it; empty: its own fault, or the end of the run
}

// all goes through every rule.
func (r *review) all(made []compiled) {
	r.made = made
	for _, rule := range systemRules {
		rule(r)
	}
	for _, p := range r.s.Probes {
		if rec := r.plan.Probe(p.Name); rec != nil && rec.Every > 0 {
			for _, rule := range probeRules {
				rule(r, p, *rec)
			}
		}
	}
	for _, m := range made {
		o := r.objective(m)
		if o.probe.Skipped { // nobody will be there to judge
			continue
		}
		for _, rule := range checkRules {
			rule(r, &o)
		}
	}
	r.sort()
}

func (r *review) objective(m compiled) objective {
	sub := m.check.Subject()
	o := objective{compiled: m, window: sub.Window, within: history.At(sub.Within)}
	if p := r.plan.Probe(sub.Probe); p != nil {
		o.probe = *p
	}
	o.lasting = r.plan.SustainedFor(sub.Probe, sub.Fault).Window(o.probe.Every)
	f := r.plan.Fault(sub.Fault)
	if f == nil {
		return o
	}
	o.fault = *f
	switch o.window {
	case verdict.Baseline:
		o.watched = r.plan.Begins(*f)
	case verdict.Fault:
		o.watched = f.For
	case verdict.After:
		o.watched, o.next = r.after(*f)
	}
	return o
}

// after is how long people are watched once a fault has ended: until the next one is requested, or the run ends.
func (r *review) after(f history.Fault) (watched history.Instant, next string) {
	healed := r.plan.Begins(f) + f.For
	end := healed
	for _, other := range r.plan.Faults {
		end = max(end, r.plan.Begins(other)+other.For)
	}
	end += r.plan.Settle
	for _, other := range r.plan.Faults {
		if at := r.plan.Begins(other); other.Name != f.Name && at >= healed && at < end {
			end, next = at, other.Name
		}
	}
	return end - healed, next
}

// block is the fault's entry in the file.
func (r *review) block(fault string) scenario.Block {
	i := slices.IndexFunc(r.s.Faults, func(f scenario.Fault) bool { return f.Name == fault })
	if i < 0 {
		return r.s.Block
	}
	return r.s.Faults[i].Block
}

// mistake leaves no truthful verdict.
func (r *review) mistake(b scenario.Block, key, format string, args ...any) {
	r.mistakes = append(r.mistakes, b.Errorf(key, format, args...))
}

// remark leaves one that may be of no use.
func (r *review) remark(b scenario.Block, key, format string, args ...any) {
	e := b.Errorf(key, format, args...)
	r.remarks = append(r.remarks, scenario.Remark{Position: e.Position, Sentence: e.Sentence})
}

// sort puts the remarks in the order of the file, each once.
func (r *review) sort() {
	slices.SortStableFunc(r.remarks, func(a, b scenario.Remark) int {
		return cmp.Or(a.Compare(b.Position), cmp.Compare(a.Sentence, b.Sentence))
	})
	r.remarks = slices.Compact(r.remarks)
}
