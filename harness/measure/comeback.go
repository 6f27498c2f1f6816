package measure

import (
	"cmp"
	"slices"
	"sort"

	"github.com/regiondrill/regiondrill/harness/history"
)

// rule is when people count as back: what a check calls sustained, over the period at which they arrive.
type rule struct {
	window history.Instant // sustained.for, at least three periods
	gap    history.Instant // sustained.gap
	ratio  float64         // of good attempts
	every  history.Instant
}

// ruleOf reads it of the plan. A window holds the attempt that opens it, whatever a history says of periods.
func ruleOf(p history.Probe, s history.Sustained) rule {
	return rule{window: max(1, s.Window(p.Every)), gap: s.MaxGap(p.Every), ratio: s.Ratio, every: p.Every}
}

// state is what became of a window.
type state uint8

const (
	holds  state = iota // it was observed, and its people got in
	unseen              // too little is known of it: neither kept nor broken
	stray               // broken, by nothing but failures that stand alone between two good attempts
	broken
)

// comeback is the way back of people who arrive from one instant on, as far as it can be seen until another.
type comeback struct {
	rule
	from, until history.Instant
	arrivals    []try // all due at or after from
	tries       []try // of arrivals, the evidence
	good        func(try) bool

	first   *try      // of the good ones, the one that ended first
	windows []state   // of those that open at tries[i] and close by until
	shut    []stretch // in which people were kept out, since the first was in
	start   int       // index in tries of the first after all that broke
	early   int       // the same, failures that stand alone forgiven
	untold  bool      // of a window since then too little is known

	back      *try // r: the earliest good one whose window holds, as do all that close after it
	sustained *try // q: of the good ones due in r's window, the one that ended first
	candidate *try // without r: the earliest good one after all that broke, whose window does not close by until
}

// watch is until when people were watched. Where another fault ended it, what was under way then is no evidence: people
// were watched until the first of those came.
type watch struct {
	until   history.Instant
	byFault bool
}

// newComeback finds r and q of people who arrive from one instant on and are watched; where a Region is named, of those
// whom it carries.
func (s *series) newComeback(from history.Instant, w watch, r rule, region string) *comeback {
	c := &comeback{rule: r, from: from, until: w.until, good: goodIn(region)}
	due := func(tries []try) []try {
		return tries[sort.Search(len(tries), func(i int) bool { return tries[i].Due >= from }):]
	}
	c.arrivals, c.tries = due(s.tries), due(s.evidence)
	if w.byFault {
		for _, t := range c.arrivals {
			if t.Ended > w.until {
				c.until = min(c.until, max(from, t.Due))
			}
		}
		c.tries = slices.Clone(c.tries)
		c.tries = slices.DeleteFunc(c.tries, func(t try) bool { return t.Ended > w.until })
	}
	if i := earliest(c.tries, c.good); i >= 0 {
		c.first = &c.tries[i]
	}
	c.look()
	c.keptOut()
	c.settle()
	return c
}

// earliest is the index of the good attempt that ended first; of several, of the one that arrived first. -1: none.
func earliest(tries []try, good func(try) bool) int {
	best := -1
	for i := range tries {
		if good(tries[i]) && (best < 0 || tries[i].Ended < tries[best].Ended) {
			best = i
		}
	}
	return best
}

// tally counts a window's evidence while it slides.
type tally struct{ good, strays, holes int }

// look finds the state of every window that closes by until.
func (c *comeback) look() {
	var n tally
	next, from, to := 0, 0, 0 // tries[i:next] and arrivals[from:to] are in the window
	for i, t := range c.tries {
		closes := t.Due + c.window
		if closes > c.until {
			break
		}
		for ; next < len(c.tries) && c.tries[next].Due < closes; next++ {
			c.count(&n, next, 1)
			n.holes += c.hole(i, next)
		}
		for ; to < len(c.arrivals) && c.arrivals[to].Due < closes; to++ {
		}
		for ; c.arrivals[from].Due < t.Due; from++ {
		}
		c.windows = append(c.windows, c.judge(n, next-i, to-from, closes-c.tries[next-1].Due))
		c.count(&n, i, -1)
		if i+1 < next {
			n.holes -= c.hole(i, i+1)
		}
	}
}

func (c *comeback) count(n *tally, i, by int) {
	switch {
	case c.good(c.tries[i]):
		n.good += by
	case c.alone(i):
		n.strays += by
	}
}

// hole is 1 where the evidence before i, if it is in the window that opens at first, is more than holePeriods before.
func (c *comeback) hole(first, i int) int {
	if i > first && c.tries[i].Due-c.tries[i-1].Due > holePeriods*c.every {
		return 1
	}
	return 0
}

// alone tells whether a failure stands between two good attempts.
func (c *comeback) alone(i int) bool {
	return i > 0 && i+1 < len(c.tries) && c.good(c.tries[i-1]) && c.good(c.tries[i+1])
}

// judge is the state of a window with n attempts that are evidence among so many attempts, the last of them rest before
// its end.
func (c *comeback) judge(t tally, n, attempts int, rest history.Instant) state {
	switch {
	case !observed(n, attempts) || t.holes > 0 || rest > holePeriods*c.every:
		return unseen
	case history.Kept(t.good, n, c.ratio):
		return holds
	case n-t.good == t.strays && (t.strays == 1 || t.strays*10 <= n):
		return stray
	}
	return broken
}

// observed tells whether enough of the attempts of a span are evidence: 95 in a hundred.
func observed(evidence, attempts int) bool { return 100*evidence >= 95*attempts }

// stretch is a span in which somebody waits and nobody gets in.
type stretch struct{ since, until history.Instant }

// keptOut finds the stretches longer than the gap that began after the first was in. The end of the watch ends one too.
// As much of one as people of whom nobody knows what came left out, a period each, is none.
func (c *comeback) keptOut() {
	if c.first == nil {
		return
	}
	waiting := c.waiting()
	var in []try
	for _, t := range c.tries {
		if c.good(t) && t.Ended >= c.first.Ended && t.Ended < c.until {
			in = append(in, t)
		}
	}
	slices.SortStableFunc(in, func(a, b try) int { return cmp.Compare(a.Ended, b.Ended) })
	for i, t := range in {
		next, due := c.until, c.until
		if i+1 < len(in) {
			next, due = in[i+1].Ended, in[i+1].Due
		}
		if next-t.Ended > c.gap && next-t.Ended-c.every*c.unknownBetween(min(t.Due, due), max(t.Due, due)) > c.gap {
			c.shut = append(c.shut, c.waits(waiting, t.Ended, next)...)
		}
	}
}

// unknownBetween counts who came in between and is no evidence.
func (c *comeback) unknownBetween(since, until history.Instant) (n history.Instant) {
	first := sort.Search(len(c.arrivals), func(i int) bool { return c.arrivals[i].Due > since })
	for _, t := range c.arrivals[first:] {
		if t.Due >= until {
			break
		}
		if !t.evidence() {
			n++
		}
	}
	return n
}

// waiting are the spans in each instant of which somebody waits, in order and apart.
func (c *comeback) waiting() []stretch {
	var all []stretch
	for _, t := range c.tries {
		if n := len(all); n > 0 && t.Due <= all[n-1].until {
			all[n-1].until = max(all[n-1].until, t.Ended)
		} else if t.Ended > t.Due {
			all = append(all, stretch{t.Due, t.Ended})
		}
	}
	return all
}

// waits are the spans between a and b, longer than the gap, in each instant of which somebody waits.
func (c *comeback) waits(waiting []stretch, a, b history.Instant) []stretch {
	var found []stretch
	first := sort.Search(len(waiting), func(i int) bool { return waiting[i].until > a })
	for _, w := range waiting[first:] {
		if w.since >= b {
			break
		}
		if w.since, w.until = max(w.since, a), min(w.until, b); w.until-w.since > c.gap {
			found = append(found, w)
		}
	}
	return found
}

// settle finds what all that broke leaves: r and q, or a candidate.
func (c *comeback) settle() {
	i := 0 // they are in order
	for _, k := range c.shut {
		for i = max(i, c.dueFrom(k.since-c.window+1)); i < len(c.windows) && c.tries[i].Due <= k.since; i++ {
			c.windows[i] = broken
		}
		c.start, c.early = c.dueFrom(k.since), c.dueFrom(k.since)
	}
	for i, w := range c.windows {
		if w == broken {
			c.early = max(c.early, i+1)
		}
		if w == broken || w == stray {
			c.start = max(c.start, i+1)
		}
	}
	c.untold = slices.Contains(c.windows[min(c.start, len(c.windows)):], unseen)
	r := c.nextGood(c.start)
	switch {
	case r < 0 || c.untold:
	case r >= len(c.windows):
		c.candidate = &c.tries[r]
	default:
		inside := c.tries[r:c.dueFrom(c.tries[r].Due+c.window)]
		c.back, c.sustained = &inside[0], &inside[earliest(inside, c.good)]
	}
}

// dueFrom is the index of the first of tries due at or after an instant.
func (c *comeback) dueFrom(at history.Instant) int {
	return sort.Search(len(c.tries), func(i int) bool { return c.tries[i].Due >= at })
}

// nextGood is the index of the first good one of tries from i on, -1 where there is none.
func (c *comeback) nextGood(i int) int {
	if k := slices.IndexFunc(c.tries[i:], c.good); k >= 0 {
		return i + k
	}
	return -1
}

// out tells whether people were out when the watch ended: nobody had got in, or what was seen last was broken.
func (c *comeback) out() bool {
	if c.first == nil || c.first.Ended >= c.until {
		return true
	}
	if n := len(c.shut); n > 0 && c.shut[n-1].until >= c.until {
		return true
	}
	n := len(c.windows)
	return n > 0 && (c.windows[n-1] == broken || c.windows[n-1] == stray)
}

// seenFor is how long people were seen from the beginning of the watch on: until an instant, or until the last before a
// hole among those who are evidence.
func (c *comeback) seenFor(until history.Instant) history.Instant {
	last := c.from
	for _, t := range c.tries {
		if t.Due-last > 3*c.every {
			break
		}
		last = t.Due
	}
	if until-last <= 3*c.every {
		last = until
	}
	return max(0, last-c.from)
}
