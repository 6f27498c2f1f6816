package history

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// LateShare is the share of a limit that this process may use up itself: where it began late by more, or stood still
// for so long at a stretch, that the limit ran out says nothing of the system.
const LateShare = 4

// StoodStill are the spans in which this process's own clock came late, in order, none overlapping another.
func (h *History) StoodStill() []Stall {
	return h.stalls(func(s *Stall) bool { return s.By == StallHeartbeat })
}

// StoodStillFor are the spans in which this process's own clock came late, or the probe's browser didn't answer, in
// order, none overlapping another.
func (h *History) StoodStillFor(probe string) []Stall {
	return h.stalls(func(s *Stall) bool {
		return s.By == StallHeartbeat || s.By == StallBrowser && s.Probe == probe
	})
}

func (h *History) stalls(which func(*Stall) bool) []Stall {
	var apart []Stall
	for _, e := range h.Events {
		if e.Type == TypeStall && e.Stall.Until > e.Stall.Since && which(e.Stall) {
			apart = append(apart, *e.Stall)
		}
	}
	slices.SortFunc(apart, func(a, b Stall) int { return cmp.Compare(a.Since, b.Since) })
	n := 0
	for _, s := range apart {
		if n > 0 && s.Since <= apart[n-1].Until {
			apart[n-1].Until = max(apart[n-1].Until, s.Until)
			continue
		}
		apart[n] = s
		n++
	}
	return apart[:n]
}

// excuse makes attempts unknown that failed because this process, or the browser, stood still: it did so for a quarter
// of their limit at a stretch, and that ran out. The many small stalls of a busy machine excuse nobody. The run itself
// couldn't know when it wrote them down, as a stall is told of when it is over.
func (h *History) excuse() {
	own := h.StoodStill()
	limits, stalls := map[string]Instant{}, map[string][]Stall{}
	for _, p := range h.Plan.Probes {
		limits[p.Name], stalls[p.Name] = p.Limit, h.StoodStillFor(p.Name)
	}
	for i := range h.Attempts {
		a := &h.Attempts[i]
		limit := limits[a.Probe]
		if a.Outcome != Bad || limit <= 0 || a.Ended-a.Due < limit {
			continue
		}
		if longest := longestOf(stalls[a.Probe], a); LateShare*longest >= limit {
			a.Outcome, a.Class = Unknown, ClassHarness
			who := "this process"
			if longest > longestOf(own, a) {
				who = "the browser"
			}
			a.Detail = fmt.Sprintf("%s stood still for %v while it was under way, for which its limit of %v was too short",
				who, longest.Duration().Round(time.Millisecond), limit.Duration())
		}
	}
}

// longestOf is the longest of these spans, in order and apart, as far as it fell into an attempt's time.
func longestOf(still []Stall, a *Attempt) (longest Instant) {
	first, _ := slices.BinarySearchFunc(still, a.Due, func(s Stall, due Instant) int { return cmp.Compare(s.Until, due) })
	for _, s := range still[first:] {
		if s.Since >= a.Ended {
			break
		}
		longest = max(longest, min(a.Ended, s.Until)-max(a.Due, s.Since))
	}
	return longest
}
