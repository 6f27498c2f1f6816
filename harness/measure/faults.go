package measure

import (
	"cmp"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
)

// fault is when a fault did what. What never happened is nil.
type fault struct {
	name                        string
	requested, first, effective *history.Instant // first and effective: of the first edge and of the last
	healing, cleared, healed    *history.Instant // cleared and healed: of the first edge and of the last
	unproven                    string
	expired                     *history.Instant
	lost                        *history.Instant // when it was last seen in force, on the edge where that is longest ago
	lostWhy                     string
	edges                       []string // on which it was proven
	plan                        history.Fault
}

// faultsOf reads the changes of every fault of the plan, in the plan's order.
func faultsOf(h *history.History) []fault {
	faults := make([]fault, len(h.Plan.Faults))
	changes := map[string][]history.Event{}
	for _, e := range h.Events {
		if e.Type == history.TypeFault {
			changes[e.Fault.Name] = append(changes[e.Fault.Name], e)
		}
	}
	for i, p := range h.Plan.Faults {
		faults[i].name, faults[i].plan = p.Name, p
		for _, e := range changes[p.Name] {
			faults[i].note(e)
		}
	}
	return faults
}

func (f *fault) note(e history.Event) {
	first, last := e.Fault.Span(e.At)
	switch e.Fault.Change {
	case history.Requested:
		f.requested = &e.At
	case history.Effective:
		f.first, f.effective = &first, &last
		for _, edge := range e.Fault.Edges {
			f.edges = append(f.edges, edge.Edge)
		}
	case history.Healing:
		if f.healing == nil {
			f.healing = &e.At
		}
	case history.Expired:
		if f.expired = &e.At; f.healing == nil {
			f.healing = &e.At
		}
	case history.Lost:
		if f.lost == nil || first < *f.lost {
			f.lost, f.lostWhy = &first, e.Fault.Detail
		}
	case history.Healed:
		f.cleared, f.healed = &first, &last
	case history.Unproven:
		f.unproven = cmp.Or(f.unproven, e.Fault.Detail, "no canary saw it") // what failed first explains the rest
	}
}

// until is when the fault began to be undone, or the end of a run that was stopped before.
func (f *fault) until(end history.Instant) history.Instant {
	if f.healing != nil {
		return min(*f.healing, end)
	}
	return end
}

// watch is how long what came of the fault's end could be seen: until the next fault was requested, or the end of the
// settling.
func (f *fault) watch(faults []fault, end history.Instant) watch {
	w := watch{until: end}
	for i := range faults {
		o := &faults[i]
		if o.name != f.name && o.requested != nil && f.healing != nil && *o.requested >= *f.healing &&
			*o.requested < w.until {
			w = watch{until: *o.requested, byFault: true}
		}
	}
	return w
}

// others are the faults that were in force at some time between since and until.
func (f *fault) others(faults []fault, since, until history.Instant) []string {
	names := []string{}
	for i := range faults {
		o := &faults[i]
		if o.name == f.name || o.requested == nil || *o.requested >= until {
			continue
		}
		if o.healed == nil || *o.healed > since {
			names = append(names, o.name)
		}
	}
	slices.Sort(names)
	return names
}
