// Package measure turns a history into measures: recoveries, windows, outages, validity. It is the heart of
// regiondrill, and it is pure: the same history gives the same measures, whatever the machine, the time or the order
// of a map.
//
// What the words mean. A person arrives when an attempt is due, whether or not anything answers. They are back when
// any Region carries them. Recovery counts from the instant at which the last edge of the fault was proven in force,
// on the completion clock: until somebody who arrived after it was in. Because people arrive only every so often, each
// number is an interval: its upper bound was seen, its lower bound is what an arrival within the gap before it could
// have achieved. Dropped and unknown attempts are evidence of nothing and widen the interval.
package measure

import (
	"cmp"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Measure measures a whole history: every probe that ran against every fault.
func Measure(h *history.History) *verdict.Measures {
	end := End(h)
	faults := faultsOf(h)
	m := &verdict.Measures{
		Recoveries:     []verdict.Recovery{},
		RecoveryPoints: []verdict.RecoveryPoint{},
		Windows:        []verdict.Window{},
		Invariants:     []verdict.Invariant{},
	}
	var all []*series
	for _, p := range h.Plan.Probes {
		if p.Skipped {
			continue
		}
		s := seriesOf(h, p)
		all = append(all, s)
		for _, f := range faults {
			w := s.windows(f)
			s.notes = append(s.notes, w.notes(p.Name, f.name, len(faults) == 1)...)
			m.Windows = append(m.Windows, w.all...)
			m.Recoveries = append(m.Recoveries, s.recovery(h, f, w, end))
		}
	}
	m.Validity = validity(h, all, faults, m)
	return m
}

// End is the end of the settling: from here nobody arrived any more. A run that was stopped before ended there.
func End(h *history.History) history.Instant {
	end := h.EndAt
	for _, e := range h.Events {
		switch {
		case e.Type == history.TypePhase && e.Phase.Name == history.PhaseDraining:
			return e.At
		case h.End == nil:
			end = max(end, e.At)
		}
	}
	if h.End == nil {
		for i := range h.Attempts {
			end = max(end, h.Attempts[i].Ended)
		}
	}
	return end
}

// fault is when a fault did what. What never happened is nil.
type fault struct {
	name                        string
	requested, first, effective *history.Instant
	healing, healed             *history.Instant
	unproven                    string
}

// faultsOf reads the changes of every fault of the plan, in the plan's order.
func faultsOf(h *history.History) []fault {
	faults := make([]fault, len(h.Plan.Faults))
	for i, p := range h.Plan.Faults {
		faults[i].name = p.Name
		for _, e := range h.Events {
			if e.Type == history.TypeFault && e.Fault.Name == p.Name {
				faults[i].note(e)
			}
		}
	}
	return faults
}

func (f *fault) note(e history.Event) {
	first, last := e.At, e.At
	for k, edge := range e.Fault.Edges {
		if k == 0 {
			first, last = edge.At, edge.At
		}
		first, last = min(first, edge.At), max(last, edge.At)
	}
	switch e.Fault.Change {
	case history.Requested:
		f.requested = &e.At
	case history.Effective:
		f.first, f.effective = &first, &last
	case history.Healing, history.Expired:
		if f.healing == nil {
			f.healing = &e.At
		}
	case history.Healed:
		f.healed = &last
	case history.Unproven:
		f.unproven = cmp.Or(f.unproven, e.Fault.Detail, "no canary saw it") // what failed first explains the rest
	}
}

// try is an attempt and the line that it stands on.
type try struct {
	*history.Attempt
	line int64
}

// series is what one probe saw, by due time.
type series struct {
	probe    history.Probe
	tries    []try
	evidence []try // of tries: good and bad
	notes    []string
}

func seriesOf(h *history.History, p history.Probe) *series {
	s := &series{probe: p}
	n := 0
	for i := range h.Attempts {
		if h.Attempts[i].Probe == p.Name {
			n++
		}
	}
	s.tries, s.evidence = make([]try, 0, n), make([]try, 0, n) // a million of them must not grow by halves
	for i := range h.Attempts {
		if a := &h.Attempts[i]; a.Probe == p.Name {
			s.tries = append(s.tries, try{a, h.SeqOf[i]})
		}
	}
	slices.SortStableFunc(s.tries, func(a, b try) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Seq, b.Seq))
	})
	for _, t := range s.tries {
		if t.Outcome == history.Good || t.Outcome == history.Bad {
			s.evidence = append(s.evidence, t)
		}
	}
	return s
}

// goodIn returns a test for attempts that count as good: anywhere, or only where the Region carried them.
func goodIn(region string) func(try) bool {
	return func(t try) bool {
		return t.Outcome == history.Good && (region == "" || t.Region == region)
	}
}

func seconds(i history.Instant) verdict.Seconds { return verdict.Seconds(i.Seconds()) }

func secondsOf(i *history.Instant) *verdict.Seconds {
	if i == nil {
		return nil
	}
	s := seconds(*i)
	return &s
}

func interval(lower, upper history.Instant) *verdict.Interval {
	u := seconds(upper)
	return &verdict.Interval{Lower: seconds(lower), Upper: &u}
}
