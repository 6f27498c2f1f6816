// Package measure turns a history into measures: recoveries, windows, outages, validity. It is the core of
// regiondrill, and it is pure: the same history gives the same measures, whatever the machine, the time or the order
// of a map.
//
// What is estimated, of one probe and one fault: the earliest instant at which anybody of these people, arriving once
// the fault was in force whenever they liked, could have been in, if from then on it stayed so until the healing. They
// are back when any Region carries them. Because people arrive only every so often, it is an interval: its upper bound
// was seen, and before its lower bound nobody could have been in, by what was seen. Dropped and unknown attempts are
// evidence of nothing; where too little is known, nothing is told.
package measure

import (
	"cmp"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Kind is a measure beyond recoveries, windows and validity.
type Kind struct {
	Name, Doc string           // its name in verdict.json, and what it is
	Of        func(*Found) any // a slice of its own type, of what has been found so far; never nil
}

// Table lists the further measures in their order. A new one is a file and a line here.
func Table() []Kind {
	return []Kind{
		{"replication_lags", "how long a write took to another Region, of those before, during and after each fault",
			replicationLags},
		{"convergences", "how long after a fault every Region had all that was acknowledged by then", convergences},
		{"revocations", "how long somebody still got in of whom that was taken", revocations},
		{"session_survivals", "how many of those who had a session when a fault came could go on with it",
			sessionSurvivals},
		{"time_availability", "the share of a fault's time in which a probe's people were not failing", timeAvailability},
	}
}

// Found is what a further measure is drawn from. It may only be read.
type Found struct {
	History  *history.History
	Measures *verdict.Measures // all that is not a further measure

	drill *drill
}

// Measure measures a whole history: every probe that ran against every fault.
func Measure(h *history.History) *verdict.Measures {
	d := open(h)
	m := &verdict.Measures{
		Recoveries:     []verdict.Recovery{},
		RecoveryPoints: d.recoveryPoints(),
		Windows:        []verdict.Window{},
		Invariants:     []verdict.Invariant{},
	}
	for _, s := range d.series {
		troubles := d.troubles(s)
		for i := range d.faults {
			f := &d.faults[i]
			w := d.windows(s, f, troubles)
			m.Windows = append(m.Windows, w.all...)
			m.Recoveries = append(m.Recoveries, d.recovery(s, f, w))
		}
		s.noteOutside()
	}
	d.countZombies(m)
	m.Invariants = d.invariants()
	m.Validity = d.validity(m)
	for _, k := range Table() {
		m.Further = append(m.Further, verdict.Further{Name: k.Name, Entries: k.Of(&Found{h, m, d})})
	}
	return m
}

// drill is what a history holds, sorted once by what asks for it.
type drill struct {
	h         *history.History
	end       history.Instant // of the settling
	faults    []fault         // in the plan's order
	series    []*series       // of the probes that ran, in the plan's order
	untouched []*series       // of those, the ones whose people no fault touches
	markers   []history.Event
	controls  []*history.Control
	marks     []*markers // what was written and read back, by probe
}

func open(h *history.History) *drill {
	d := &drill{h: h, end: End(h), faults: faultsOf(h), series: seriesOf(h), marks: markersOf(h)}
	for _, e := range h.Events {
		switch e.Type {
		case history.TypeMarker:
			d.markers = append(d.markers, e)
		case history.TypeControl:
			d.controls = append(d.controls, e.Control)
		}
	}
	for _, s := range d.series {
		if len(d.series) > 1 && !s.touched(d.faults) {
			d.untouched = append(d.untouched, s)
		}
	}
	return d
}

// marker is the instant of the earliest one of that name since the fault was effective, about it or about nothing in
// particular; nil where there is none.
func (d *drill) marker(name string, f *fault) *history.Instant {
	for _, e := range d.markers {
		if e.Marker.Name == name && e.At >= *f.effective && (e.Marker.Subject == "" || e.Marker.Subject == f.name) {
			return ptr(e.At)
		}
	}
	return nil
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

// try is an attempt and the line that it stands on.
type try struct {
	*history.Attempt
	line int64
}

// evidence tells whether the attempt says something of the system.
func (t try) evidence() bool { return t.Outcome == history.Good || t.Outcome == history.Bad }

// series is what one probe saw, by due time.
type series struct {
	probe    history.Probe
	tries    []try
	evidence []try           // of tries
	rules    map[string]rule // when its people count as back, by fault
	stalls   stalls          // of this process
	waits    stalls          // of this process or of the probe's browser
	placed   []bool          // which of tries are in a window of some fault
	remarks  []remark
	outside  int // attempts in no window of any fault
}

// seriesOf sorts a history's attempts to the probes that ran, in the plan's order.
func seriesOf(h *history.History) []*series {
	var all []*series
	still := apart(h.StoodStill())
	for _, p := range h.Plan.Probes {
		if p.Skipped || slices.ContainsFunc(all, func(s *series) bool { return s.probe.Name == p.Name }) {
			continue
		}
		s := &series{probe: p, stalls: still, waits: apart(h.StoodStillFor(p.Name)), rules: map[string]rule{}}
		for _, f := range h.Plan.Faults {
			s.rules[f.Name] = ruleOf(p, h.Plan.SustainedFor(p.Name, f.Name))
		}
		s.take(h)
		all = append(all, s)
	}
	return all
}

func (s *series) take(h *history.History) {
	n := 0
	for i := range h.Attempts {
		if h.Attempts[i].Probe == s.probe.Name {
			n++
		}
	}
	s.tries, s.evidence = make([]try, 0, n), make([]try, 0, n) // a million of them must not grow by halves
	for i := range h.Attempts {
		if a := &h.Attempts[i]; a.Probe == s.probe.Name {
			s.tries = append(s.tries, try{a, h.SeqOf[i]})
		}
	}
	slices.SortStableFunc(s.tries, func(a, b try) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Seq, b.Seq))
	})
	for _, t := range s.tries {
		if t.evidence() {
			s.evidence = append(s.evidence, t)
		}
	}
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

// instantOf is the exact inverse of seconds.
func instantOf(s verdict.Seconds) history.Instant { return history.Seconds(float64(s)) }

// holePeriods is how many periods without evidence leave a hole, in which nobody knows what came.
const holePeriods = 3

func ptr[T any](v T) *T { return &v }

// atLeast is an interval whose upper bound never came.
func atLeast(lower history.Instant) *verdict.Interval {
	return &verdict.Interval{Lower: seconds(lower)}
}

func interval(lower, upper history.Instant) *verdict.Interval {
	u := seconds(upper)
	return &verdict.Interval{Lower: seconds(lower), Upper: &u}
}
