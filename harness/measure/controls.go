package measure

import (
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
)

// A control is what no fault touches: canaries' round trips over other links, and people whose way to sign in crosses
// none that is hit. Where one got slower in the span that decides a number, this machine was, and the number is nobody's.
const (
	controlPeople = 5 // of a control, before and in the span, below which it says nothing
	slowPerson    = history.Instant(25_000)
	slowTrip      = history.Instant(5_000)
	controlTrips  = 2
)

// slowed tells whether something takes longer than before by half, and by so much that it matters.
func slowed(before, now []history.Instant, matters history.Instant) bool {
	slices.Sort(before)
	slices.Sort(now)
	was, is := rank(before, 0.5), rank(now, 0.5)
	return 2*is > 3*was && is-was > matters
}

// controls doubts the number where a control was slower in the span that decides it.
func (j *judged) controls(c *comeback) {
	actual := j.r.RecoveryTimeActual
	if actual == nil || actual.Upper == nil || c.first == nil || j.f.requested == nil {
		return
	}
	until := j.onset() + instantOf(*actual.Upper)
	since := c.from
	if c.back != nil {
		since = max(since, c.back.Due-j.probe.Every)
	}
	j.controlPeople(since, until)
	j.controlTrips(since, until)
}

func (j *judged) controlPeople(since, until history.Instant) {
	for _, s := range j.all {
		if s == j.series || s.touched(j.faults) {
			continue
		}
		before, now := s.took(0, *j.f.requested), s.took(since, until)
		if len(before) >= controlPeople && len(now) >= controlPeople && slowed(before, now, slowPerson) {
			j.doubt("this machine was slow while it was decided: sign-ins of %s, whom no fault touches, took %.3f s instead of %.3f s",
				s.probe.Name, rank(now, 0.5).Seconds(), rank(before, 0.5).Seconds())
		}
	}
}

// took is how long the good sign-ins took that lie within a span.
func (s *series) took(since, until history.Instant) []history.Instant {
	var all []history.Instant
	for _, t := range s.evidence {
		if t.Outcome == history.Good && t.Due >= since && t.Ended <= until {
			all = append(all, t.Ended-t.Due)
		}
	}
	return all
}

// touched tells whether a fault acts on the home of a probe's people, or on a link between any two of the places that
// they are in touch with.
func (s *series) touched(faults []fault) bool {
	places := []string{s.probe.Home, s.probe.From, "idp"}
	for i := range faults {
		f := &faults[i]
		if f.plan.Region == s.probe.Home || slices.Contains(places, f.plan.Where["place"]) {
			return true
		}
		for _, e := range f.edges {
			from, to, _ := strings.Cut(e, "→")
			if slices.Contains(places, from) && slices.Contains(places, to) {
				return true
			}
		}
	}
	return slices.ContainsFunc(s.evidence, func(t try) bool { return t.Outcome == history.Good && t.Region != s.probe.Home })
}

func (j *judged) controlTrips(since, until history.Instant) {
	before, now := map[string][]history.Instant{}, map[string][]history.Instant{}
	for _, e := range j.h.Events {
		if e.Type != history.TypeControl {
			continue
		}
		for _, t := range e.Control.Trips {
			switch {
			case e.Control.Sent+t.Took <= *j.f.requested:
				before[t.Edge] = append(before[t.Edge], t.Took)
			case e.Control.Sent >= since && e.Control.Sent <= until:
				now[t.Edge] = append(now[t.Edge], t.Took)
			}
		}
	}
	edges := make([]string, 0, len(now))
	for edge := range now {
		edges = append(edges, edge)
	}
	slices.Sort(edges)
	for _, edge := range edges {
		if len(before[edge]) < controlPeople || len(now[edge]) < controlTrips || edgeTouched(edge, j.faults) {
			continue
		}
		if slowed(before[edge], now[edge], slowTrip) {
			j.doubt("this machine was slow while it was decided: canaries from %s and back, where no fault acts, took %.1f ms instead of %.1f ms",
				edge, 1000*rank(now[edge], 0.5).Seconds(), 1000*rank(before[edge], 0.5).Seconds())
			return // the others say the same
		}
	}
}

// edgeTouched tells whether a fault acts on a link, in either direction.
func edgeTouched(edge string, faults []fault) bool {
	from, to, _ := strings.Cut(edge, "→")
	for i := range faults {
		if slices.Contains(faults[i].edges, edge) || slices.Contains(faults[i].edges, to+"→"+from) {
			return true
		}
	}
	return false
}
