package measure

import (
	"slices"
	"sort"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// recovery is how the probe got over the fault.
func (s *series) recovery(h *history.History, f fault, w *windows, end history.Instant) verdict.Recovery {
	r := verdict.Recovery{
		Probe: s.probe.Name, Fault: f.name, Home: s.probe.Home, Requested: secondsOf(f.requested), FirstEffective: secondsOf(f.first),
		Effective: secondsOf(f.effective), Healing: secondsOf(f.healing), Healed: secondsOf(f.healed),
		Outages: []verdict.Outage{}, Evidence: []int64{}, FailbackEvidence: []int64{},
	}
	if f.effective == nil {
		return r
	}
	sustained := h.Plan.SustainedFor(s.probe.Name, f.name)
	back := s.comeback(*f.effective, healingOr(f, end), sustained, "")
	r.TimeToFirstSuccess, r.RecoveryTimeActual = back.bounds(back.first, end), back.bounds(back.sustained, end)
	r.EndedBy, r.RecoveredIn, r.Evidence = back.endedBy(f), back.region(), back.lines()
	r.Flaps = back.flaps()
	detected := marker(h, history.MarkerDetected, f)
	if detected != nil {
		r.Detection = secondsOf(ptr(*detected - *f.effective))
	}
	if gap, ok := s.uninterrupted(f, w); ok && len(back.broken) == 0 {
		r.EndedBy, r.RecoveryTimeActual = verdict.None, interval(0, gap)
	} else {
		r.Phases = back.phases(detected, marker(h, history.MarkerDecided, f))
	}
	r.Outages = s.outages(f)
	r.Loss = w.loss()
	if f.healed != nil {
		home := s.comeback(*f.healed, end, sustained, s.probe.Home)
		r.Failback, r.FailbackEvidence = home.bounds(home.sustained, end), home.lines()
		r.FailbackDisruption = s.disruption(home, end)
	}
	return r
}

// healingOr is when the fault began to be undone, or the end of a run that was stopped before.
func healingOr(f fault, end history.Instant) history.Instant {
	if f.healing != nil {
		return *f.healing
	}
	return end
}

// comeback is the way back of people who arrive from one instant on.
type comeback struct {
	from, until history.Instant
	span        history.Instant
	tries       []try // evidence due at or after from
	good        func(try) bool
	broken      []int // indexes of tries whose window fell below the ratio
	first       *try  // f: of the good ones due at or after from, the one that ended first
	sustained   *try  // q: of the good ones due in the first window that held, the one that ended first
}

// comeback finds f and q (measurement, "the number"): r is the earliest good attempt such that every window from r on
// that closes before until keeps the ratio; q is the good attempt due in r's window that ended first.
func (s *series) comeback(from, until history.Instant, sus history.Sustained, region string) *comeback {
	cut := sort.Search(len(s.evidence), func(i int) bool { return s.evidence[i].Due >= from })
	c := &comeback{from: from, until: until, span: sus.For, tries: s.evidence[cut:], good: goodIn(region)}
	c.first = earliest(c.tries, c.good)
	c.broken = c.brokenWindows(sus.Ratio)
	start := 0
	if len(c.broken) > 0 {
		start = c.broken[len(c.broken)-1] + 1
	}
	r := slices.IndexFunc(c.tries[start:], c.good)
	if r < 0 {
		return c
	}
	held := c.tries[start+r:]
	inside := sort.Search(len(held), func(i int) bool { return held[i].Due >= held[0].Due+c.span })
	c.sustained = earliest(held[:inside], c.good)
	return c
}

// brokenWindows lists the attempts at which a window opens that closes before until and has too few good ones.
func (c *comeback) brokenWindows(ratio float64) []int {
	var broken []int
	good, next := 0, 0 // of tries[i:next]
	for i, t := range c.tries {
		if t.Due+c.span > c.until {
			break
		}
		for ; next < len(c.tries) && c.tries[next].Due < t.Due+c.span; next++ {
			if c.good(c.tries[next]) {
				good++
			}
		}
		if float64(good) < ratio*float64(next-i) {
			broken = append(broken, i)
		}
		if c.good(t) {
			good--
		}
	}
	return broken
}

// earliest is the good attempt that ended first; of several, the one that arrived first.
func earliest(tries []try, good func(try) bool) *try {
	var best *try
	for i := range tries {
		if good(tries[i]) && (best == nil || tries[i].Ended < best.Ended) {
			best = &tries[i]
		}
	}
	return best
}

// bounds is the interval from c.from to the end of t. Its width is the gap before t's arrival in which nobody arrived
// who is evidence: somebody there may have got in sooner, by at most the gap. A t that never came leaves it open.
func (c *comeback) bounds(t *try, end history.Instant) *verdict.Interval {
	if t == nil {
		return &verdict.Interval{Lower: seconds(max(0, end-c.from))}
	}
	previous := c.from // nobody who arrived before it counts
	if k := sort.Search(len(c.tries), func(i int) bool { return c.tries[i].Due >= t.Due }); k > 0 {
		previous = c.tries[k-1].Due
	}
	upper := t.Ended - c.from
	return interval(max(0, upper-(t.Due-previous)), upper)
}

func (c *comeback) endedBy(f fault) verdict.EndedBy {
	switch {
	case c.sustained == nil:
		return verdict.Never
	case f.healing != nil && c.sustained.Ended >= *f.healing:
		return verdict.Heal
	}
	return verdict.Failover
}

func (c *comeback) region() string {
	if c.sustained == nil {
		return ""
	}
	return c.sustained.Region
}

func (c *comeback) lines() []int64 {
	lines := []int64{}
	for _, t := range []*try{c.first, c.sustained} {
		if t != nil && !slices.Contains(lines, t.line) {
			lines = append(lines, t.line)
		}
	}
	return lines
}

// flaps counts the runs of bad attempts after the first success that broke a window.
func (c *comeback) flaps() int {
	if c.first == nil {
		return 0
	}
	count, counted := 0, false     // counted: the run that i is in
	latest, broken := -1, c.broken // of the broken windows from the first success on, the latest that opened by i
	for i, t := range c.tries {
		for ; len(broken) > 0 && broken[0] <= i; broken = broken[1:] {
			if c.tries[broken[0]].Due >= c.first.Due {
				latest = broken[0]
			}
		}
		switch {
		case t.Due <= c.first.Due || c.good(t):
			counted = false
		case t.Due >= c.until:
			return count
		case !counted && latest >= 0 && t.Due < c.tries[latest].Due+c.span:
			count, counted = count+1, true
		}
	}
	return count
}

// phases cuts the recovery at what the people of f and q did. Each instant is clamped from the end, to at most its
// successor and at least effective; from the start, a late decision would break the sum.
func (c *comeback) phases(detected, decided *history.Instant) *verdict.Phases {
	if c.sustained == nil {
		return nil
	}
	f := c.first
	gaveUp, request := story(f)
	detect := f.Due
	if detected != nil {
		detect = min(detect, *detected)
	}
	if decided != nil {
		gaveUp = *decided
	}
	cuts := []history.Instant{c.from, detect, gaveUp, request, f.Ended, c.sustained.Ended}
	for i := len(cuts) - 2; i > 0; i-- {
		cuts[i] = max(c.from, min(cuts[i], cuts[i+1]))
	}
	span := func(i int) verdict.Seconds { return seconds(cuts[i+1] - cuts[i]) }
	return &verdict.Phases{Detect: span(0), Decide: span(1), Steer: span(2), Authenticate: span(3), Stabilise: span(4)}
}

// story tells when the person gave up on their home Region (they arrived decided where they never did), and when they
// first asked the Region that carried them.
func story(t *try) (gaveUp, request history.Instant) {
	gaveUp = t.Due
	for _, step := range t.Steps {
		if step.Name == history.StepHome || step.Name == history.StepWait {
			gaveUp = max(gaveUp, step.At+step.Took)
		}
	}
	request = gaveUp
	for _, step := range t.Steps {
		if step.Region == t.Region && step.At >= gaveUp && step.Name != history.StepHome {
			return gaveUp, step.At
		}
	}
	return gaveUp, request
}

// uninterrupted tells whether people kept getting in throughout: the longest gap between neighbouring good ends, from
// the last at or before effective to the first at or after healing, is no longer than two periods and the baseline's p99.
// That alone is not enough: where every other person failed, somebody got in all the time.
func (s *series) uninterrupted(f fault, w *windows) (gap history.Instant, ok bool) {
	if f.healing == nil {
		return 0, false
	}
	var ends []history.Instant
	for _, t := range s.evidence {
		if t.Outcome == history.Good {
			ends = append(ends, t.Ended)
		}
	}
	slices.Sort(ends)
	first := sort.Search(len(ends), func(i int) bool { return ends[i] > *f.effective }) - 1
	last := sort.Search(len(ends), func(i int) bool { return ends[i] >= *f.healing })
	if first < 0 || last == len(ends) {
		return 0, false
	}
	for i := first; i < last; i++ {
		gap = max(gap, ends[i+1]-ends[i])
	}
	return gap, gap <= 2*s.probe.Every+w.baselineP99()
}

// outages lists the runs of bad arrivals that the fault overlaps. It is not the recovery time: whoever arrives in the
// last limit of an outage waits, and gets in.
func (s *series) outages(f fault) []verdict.Outage {
	outages := []verdict.Outage{}
	for i := 0; i < len(s.evidence); i++ {
		if s.evidence[i].Outcome != history.Bad {
			continue
		}
		j, during := i, false
		for ; j < len(s.evidence) && s.evidence[j].Outcome == history.Bad; j++ {
			t := s.evidence[j]
			during = during || (t.Ended > *f.effective && (f.healing == nil || t.Due < *f.healing))
		}
		if during {
			outages = append(outages, s.outage(i, j))
		}
		i = j
	}
	return outages
}

// outage bounds the run evidence[i:j] by the good arrivals around it.
func (s *series) outage(i, j int) verdict.Outage {
	first, last := s.evidence[i].Due, s.evidence[j-1].Due
	o := verdict.Outage{Lower: seconds(last - first), Bad: j - i}
	if j == len(s.evidence) {
		return o
	}
	before := first
	if i > 0 {
		before = s.evidence[i-1].Due
	}
	o.Upper = secondsOf(ptr(s.evidence[j].Due - before))
	return o
}

// disruption counts the bad arrivals from healed until people were back home.
func (s *series) disruption(home *comeback, end history.Instant) int {
	until := end
	if home.sustained != nil {
		until = home.sustained.Ended
	}
	bad := 0
	for _, t := range home.tries {
		if t.Outcome == history.Bad && t.Due <= until {
			bad++
		}
	}
	return bad
}

// marker is the earliest one of that name since the fault was effective, about it or about nothing in particular.
func marker(h *history.History, name string, f fault) *history.Instant {
	for _, e := range h.Events {
		if e.Type == history.TypeMarker && e.Marker.Name == name && e.At >= *f.effective &&
			(e.Marker.Subject == "" || e.Marker.Subject == f.name) {
			return ptr(e.At)
		}
	}
	return nil
}

func ptr[T any](v T) *T { return &v }
