package measure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// A control is what no fault touches: canaries' round trips over other links, and people whose way to sign in crosses
// none that is hit. Where one got slower in the span that decides a number, this machine was, and nobody can say whose
// the number is.
const (
	controlPeople = 5                       // sign-ins, or trips before the fault, below which a control says nothing
	controlTrips  = 2                       // trips in the span, below which it says nothing
	slowPerson    = history.Instant(25_000) // by how much longer, in microseconds, a sign-in must take to matter
	slowTrip      = history.Instant(5_000)  // and a trip
)

// slowed tells whether something takes longer than before by half, and by so much that it matters; by the medians,
// which it returns. It sorts both.
func slowed(before, now []history.Instant, matters history.Instant) (was, is history.Instant, slow bool) {
	slices.Sort(before)
	slices.Sort(now)
	was, is = percentile(before, 0.5), percentile(now, 0.5)
	return was, is, 2*is > 3*was && is-was > matters
}

// doubtByControls doubts the number where a control was slower in the span that decides it.
func (j *judged) doubtByControls(c *comeback) {
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
	j.remarkStalls(since, until)
	if share := pressure(j.h, since, until); share >= pressing {
		j.remark(verdict.BusyMachine, j.f.name, "while the recovery of %s from %s was decided, somebody on this machine "+
			"waited for a CPU %.0f %% of the time; give it one that does nothing else", j.probe.Name, j.f.name, 100*share)
	}
}

// remarkStalls says for how long this process, or the browser, stood still while the number was decided, if that made
// it much wider: by a period or more.
func (j *judged) remarkStalls(since, until history.Instant) {
	own := j.stalls.within(since, until)
	browser := j.waits.within(since, until) - own
	if own+browser < j.probe.Every {
		return
	}
	var still []string
	if own > 0 {
		said := fmt.Sprintf("this process stood still for %.3f s", own.Seconds())
		if collected := lost(j.h, history.StallGC, since, until); collected > 0 {
			said += fmt.Sprintf(" (to collect garbage: %.3f s)", min(collected, own.Seconds()))
		}
		still = append(still, said)
	}
	if browser > 0 {
		still = append(still, fmt.Sprintf("the browser of %s for %.3f s", j.probe.Name, browser.Seconds()))
	}
	j.remark(verdict.BusyMachine, j.f.name, "while the recovery of %s from %s was decided, %s, so that its lower bound "+
		"is lower by up to as much", j.probe.Name, j.f.name, strings.Join(still, " and "))
}

// pressing is the share of a span with pressure from which on it is worth a remark. Whose task waited the kernel
// doesn't tell, so that pressure by itself neither widens nor voids a number; this process's own clock and the controls
// do.
const pressing = 0.5

// pressure is the share of a span in which some task on the machine waited for a CPU.
func pressure(h *history.History, since, until history.Instant) float64 {
	return lost(h, history.StallPressure, since, until) / max(1e-6, (until-since).Seconds())
}

// lost is how many seconds of a span were lost to what somebody saw, as far as that can be told: what was lost of a
// stall is spread evenly over it.
func lost(h *history.History, by string, since, until history.Instant) (sum float64) {
	for _, e := range h.Events {
		if e.Type != history.TypeStall || e.Stall.By != by || e.Stall.Until <= e.Stall.Since {
			continue
		}
		shared := max(0, min(until, e.Stall.Until)-max(since, e.Stall.Since))
		sum += shared.Seconds() * float64(e.Stall.Took) / float64(e.Stall.Until-e.Stall.Since)
	}
	return sum
}

func (j *judged) controlPeople(since, until history.Instant) {
	for _, s := range j.untouched {
		if s == j.series {
			continue
		}
		before, now := s.took(0, *j.f.requested), s.took(since, until)
		if len(before) < controlPeople || len(now) < controlPeople {
			continue
		}
		if was, is, slow := slowed(before, now, slowPerson); slow {
			j.r.MachineSlow = true
			j.doubt("this machine was slow while it was decided: %s of %s, whom no fault touches, took %.3f s "+
				"instead of %.3f s", s.probe.Journey.Words().Many, s.probe.Name, is.Seconds(), was.Seconds())
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
			from, to := history.Ends(e)
			if slices.Contains(places, from) && slices.Contains(places, to) {
				return true
			}
		}
	}
	return slices.ContainsFunc(s.evidence,
		func(t try) bool { return t.Outcome == history.Good && t.Region != s.probe.Home })
}

func (j *judged) controlTrips(since, until history.Instant) {
	before, now := map[string][]history.Instant{}, map[string][]history.Instant{}
	for _, c := range j.controls {
		for _, t := range c.Trips {
			switch {
			case c.Sent+t.Took <= *j.f.requested:
				before[t.Edge] = append(before[t.Edge], t.Took)
			case c.Sent >= since && c.Sent <= until:
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
		if was, is, slow := slowed(before[edge], now[edge], slowTrip); slow {
			j.r.MachineSlow = true
			j.doubt("this machine was slow while it was decided: canaries from %s and back, where no fault acts, took %.1f ms "+
				"instead of %.1f ms", edge, 1000*is.Seconds(), 1000*was.Seconds())
			return // the others say the same
		}
	}
}

// edgeTouched tells whether a fault acts on a link, in either direction.
func edgeTouched(edge string, faults []fault) bool {
	from, to := history.Ends(edge)
	for i := range faults {
		for _, e := range faults[i].edges {
			if a, b := history.Ends(e); a == from && b == to || a == to && b == from {
				return true
			}
		}
	}
	return false
}
