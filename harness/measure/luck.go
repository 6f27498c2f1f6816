package measure

import (
	"math"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// A gray fault fails some people and lets others in, whoever they are, so that the same fault may look over to one
// drill and in full force to the next. What chance alone may have made is not told.
const (
	runsByChance  = 1e-3 // below which neither failures in a row nor an end of them are put down to chance
	quietByChance = 1e-4 // below which a fault fails so many that no drill passes because it met none of them
)

// scattered counts evidence that comes in no order: people got in and failed by turns, more often than a fault that
// comes or goes once can explain.
type scattered struct{ n, bad, spells int }

// scatterOf counts who arrived in a span; ok tells whether they are scattered.
func scatterOf(tries []try, good func(try) bool) (s scattered, ok bool) {
	changes := 0
	for i, t := range tries {
		s.n++
		if i > 0 && good(t) != good(tries[i-1]) {
			changes++
		}
		if good(t) {
			continue
		}
		if s.bad++; i == 0 || good(tries[i-1]) {
			s.spells++
		}
	}
	return s, changes > 1 && s.fewSpells() >= runsByChance
}

// fewSpells is the chance that as many failures come in no more spells, whatever their order is (Wald and Wolfowitz).
func (s scattered) fewSpells() float64 {
	p := 0.0
	for j := 1; j <= s.spells; j++ {
		p += math.Exp(choose(s.bad-1, j-1) + choose(s.n-s.bad+1, j) - choose(s.n, s.bad))
	}
	return p
}

// early is the chance that at least so many of the failures are among the first n people, if their order says nothing
// (Fisher).
func (s scattered) early(bad, n int) float64 {
	p := 0.0
	for j := bad; j <= min(s.bad, n); j++ {
		p += math.Exp(choose(n, j) + choose(s.n-n, s.bad-j) - choose(s.n, s.bad))
	}
	return p
}

// quiet is at most the chance that all windows of so many people hold, if everybody fails by the share that was seen.
func (s scattered) quiet(people int, ratio float64) float64 {
	people = max(1, min(people, s.n))
	share, holds := float64(s.bad)/float64(s.n), 0.0
	for j := 0; j <= people && history.Kept(people-j, people, ratio); j++ {
		holds += math.Exp(choose(people, j)) * math.Pow(share, float64(j)) * math.Pow(1-share, float64(people-j))
	}
	return math.Pow(holds, float64(s.n)/float64(people))
}

// choose is the logarithm of the number of ways to take k of n.
func choose(n, k int) float64 {
	if k < 0 || k > n {
		return math.Inf(-1)
	}
	of := func(n int) float64 { l, _ := math.Lgamma(float64(n + 1)); return l }
	return of(n) - of(k) - of(n-k)
}

// luckyAt tells whether people got in at home, there alone, and failed by turns while the fault was in force, and
// neither that those who came last got in nor that they did not says more of the fault than that.
func (c *comeback) luckyAt(home string) (s scattered, lucky bool) {
	inForce := c.tries[:c.dueFrom(c.until)]
	s, ok := scatterOf(inForce, c.good)
	elsewhere := func(t try) bool { return c.good(t) && t.Region != home }
	switch {
	case !ok || slices.ContainsFunc(inForce, elsewhere) || c.start == 0 && c.sustained != nil: // nothing broke
		return s, false
	case c.sustained == nil || c.sustained.Ended >= c.until:
		return s, s.quiet(int(c.window/max(1, c.every)), c.ratio) >= quietByChance
	}
	before, n := 0, min(c.start, len(inForce))
	for _, t := range inForce[:n] {
		if !c.good(t) {
			before++
		}
	}
	return s, s.early(before, n) >= runsByChance
}

// broughtBack is Failover where another Region than home carried any of those by whom people are back.
func (j *judged) broughtBack(c *comeback) verdict.EndedBy {
	for _, t := range c.tries[c.dueFrom(c.back.Due):c.dueFrom(c.until)] {
		if c.good(t) && t.Ended < c.until && t.Region != j.probe.Home {
			return verdict.Failover
		}
	}
	return verdict.Home
}
