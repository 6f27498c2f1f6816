package measure

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// windows are what one probe saw before, during and after one fault.
type windows struct {
	all     []verdict.Window
	during  view              // the attempts that met the fault
	usual   []history.Instant // how long good sign-ins took before it, sorted; of the warm-up where there were few
	short   bool              // too few of them to compare with
	carried map[string]int    // how many of those each Region carried
}

// view is a span of a probe's attempts.
type view struct {
	attempts, evidence []try
	latencies          []history.Instant // of the good ones, sorted
	least              []history.Instant // of those, less stalls of this process and the browser; none without any
	observed           bool
}

func viewOf(tries []try, every history.Instant, waits stalls) view {
	v := view{attempts: tries}
	holes := false
	for _, t := range tries {
		if !t.evidence() {
			continue
		}
		if n := len(v.evidence); n > 0 && t.Due-v.evidence[n-1].Due > holePeriods*every {
			holes = true
		}
		v.evidence = append(v.evidence, t)
		if t.Outcome == history.Good {
			v.latencies = append(v.latencies, t.Ended-t.Due)
			if len(waits) > 0 {
				v.least = append(v.least, t.Ended-t.Due-waits.within(t.Due, t.Ended))
			}
		}
	}
	slices.Sort(v.latencies)
	slices.Sort(v.least)
	v.observed = len(v.evidence) > 0 && !holes && observed(len(v.evidence), len(tries))
	return v
}

// windows sorts the attempts by overlap: baseline ended before the fault was requested and met no other, fault met it,
// after arrived when it was healed, until another fault came. An attempt between healing and healed is in none.
func (d *drill) windows(s *series, f *fault, all troubles) *windows {
	others := all.besides(f.name)
	watched := f.watch(d.faults, d.end)
	w := &windows{carried: map[string]int{}}
	var in [3][]try
	if s.placed == nil {
		s.placed = make([]bool, len(s.tries))
	}
	for i, t := range s.tries {
		for k, inside := range []bool{
			t.Due >= 0 && (f.requested == nil || t.Ended <= *f.requested) && !touch(others, t),
			f.met(t),
			f.healed != nil && t.Due >= *f.healed && (!watched.byFault || t.Ended <= watched.until),
		} {
			if inside {
				in[k], s.placed[i] = append(in[k], t), true
			}
		}
	}
	views := [3]view{}
	for k, name := range []string{verdict.Baseline, verdict.Fault, verdict.After} {
		views[k] = viewOf(in[k], s.probe.Every, s.waits)
		w.all = append(w.all, s.window(name, f.name, views[k]))
	}
	w.during = views[1]
	w.during.observed = w.during.observed && f.spanned(w.during.evidence, holePeriods*s.probe.Every)
	s.compareWith(w, views[0])
	return w
}

// met tells whether an attempt was under way while the fault may have been in force.
func (f *fault) met(t try) bool {
	return f.first != nil && t.Ended > *f.first && (f.healing == nil || t.Due < *f.healing)
}

// spanned tells whether evidence reaches from one end of the fault to the other, within so much.
func (f *fault) spanned(evidence []try, within history.Instant) bool {
	if len(evidence) == 0 || f.healing == nil {
		return false
	}
	return evidence[0].Due-*f.first <= within && *f.healing-evidence[len(evidence)-1].Due <= within
}

// What a baseline needs, in good sign-ins.
const (
	FullBaseline  = 5 // below which those of the warm-up count too
	LeastBaseline = 3 // with the warm-up, below which nothing can be compared
)

// compareWith finds what was usual before the fault.
func (s *series) compareWith(w *windows, baseline view) {
	usual := slices.DeleteFunc(slices.Clone(baseline.evidence), func(t try) bool { return t.Outcome != history.Good })
	for i := len(s.tries) - 1; i >= 0 && len(usual) < FullBaseline; i-- {
		if t := s.tries[i]; t.Due < 0 && t.Ended <= 0 && t.Outcome == history.Good {
			usual = append(usual, t)
		}
	}
	for _, t := range usual {
		w.usual = append(w.usual, t.Ended-t.Due)
		w.carried[t.Region]++
	}
	slices.Sort(w.usual)
	w.short = len(usual) < LeastBaseline
}

// troubles are the spans in which a probe was not as usual, each because of one fault.
type troubles []trouble

type trouble struct {
	fault string
	stretch
}

// besides are the spans because of other faults, in order and apart.
func (all troubles) besides(fault string) (apart []stretch) {
	for _, one := range all {
		if one.fault == fault {
			continue
		}
		if n := len(apart); n > 0 && one.since <= apart[n-1].until {
			apart[n-1].until = max(apart[n-1].until, one.until)
			continue
		}
		apart = append(apart, one.stretch)
	}
	return apart
}

// touch tells whether an attempt was under way in one of some spans, which are in order and apart.
func touch(spans []stretch, t try) bool {
	first := sort.Search(len(spans), func(i int) bool { return spans[i].until > t.Due })
	return first < len(spans) && t.Ended >= spans[first].since
}

// troubles lists, for every fault, the span from its request until the probe's people were home again, in order. Where
// they were not seen to be, that is the rest of the run. A fault alone is in no other's way.
func (d *drill) troubles(s *series) troubles {
	if len(d.faults) < 2 {
		return nil
	}
	var all troubles
	for i := range d.faults {
		f := &d.faults[i]
		if f.requested == nil {
			continue
		}
		one := trouble{f.name, stretch{*f.requested, math.MaxInt64}}
		if f.healed != nil {
			c := s.newComeback(*f.healed, f.watch(d.faults, d.end), s.rules[f.name], s.probe.Home)
			if c.sustained != nil {
				one.until = c.sustained.Ended
			}
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b trouble) int { return cmp.Compare(a.since, b.since) })
	return all
}

// window counts the attempts of one window.
func (s *series) window(name, fault string, v view) verdict.Window {
	w := verdict.Window{Probe: s.probe.Name, Window: name, Fault: fault, Attempts: len(v.attempts), Observed: v.observed,
		Carried: map[string]int{}, Classes: map[string]int{}, Latency: percentiles(v.latencies)}
	for _, t := range v.attempts {
		switch t.Outcome {
		case history.Good:
			w.Good++
			w.Carried[t.Region]++
		case history.Bad:
			w.Bad++
			w.Classes[string(t.Class)]++
		case history.Dropped:
			w.Dropped++
		default:
			w.Unknown++
		}
	}
	w.LatencyLower, w.LatencyUpper = v.bounds(w.Dropped + w.Unknown)
	if told := w.Attempts - w.Unknown; told > 0 {
		ratio := float64(w.Good) / float64(told)
		w.Availability = &ratio
	}
	return w
}

// bounds are those of the latency's quantiles, nil where they are what was seen: of the attempts of which nobody knows
// how they went any number may have been good, and quicker or slower than all others.
func (v *view) bounds(unseen int) (*verdict.Latency, *verdict.LatencyUpper) {
	seen := percentiles(v.latencies)
	if seen == nil {
		return nil, nil
	}
	least := v.least
	if len(least) == 0 {
		least = v.latencies
	}
	rank := func(p float64) int { return int(math.Ceil(p*float64(len(least)+unseen))) - 1 }
	lowest := func(p float64) verdict.Seconds {
		if i := rank(p) - unseen; i >= 0 {
			return seconds(least[i])
		}
		return 0
	}
	var lower *verdict.Latency
	if l := (verdict.Latency{P50: lowest(0.50), P95: lowest(0.95), P99: lowest(0.99), Max: lowest(1)}); l != *seen {
		lower = &l
	}
	if unseen == 0 {
		return lower, nil
	}
	highest := func(p float64) *verdict.Seconds {
		if i := rank(p); i < len(v.latencies) {
			s := seconds(v.latencies[i])
			return &s
		}
		return nil
	}
	return lower, &verdict.LatencyUpper{P50: highest(0.50), P95: highest(0.95), P99: highest(0.99), Max: highest(1)}
}

// percentile is the p-th, from 0 to 1, of sorted values, at least one, by nearest rank.
func percentile(sorted []history.Instant, p float64) history.Instant {
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

func percentiles(sorted []history.Instant) *verdict.Latency {
	if len(sorted) == 0 {
		return nil
	}
	return &verdict.Latency{
		P50: seconds(percentile(sorted, 0.50)), P95: seconds(percentile(sorted, 0.95)),
		P99: seconds(percentile(sorted, 0.99)), Max: seconds(sorted[len(sorted)-1]),
	}
}

// loss is who failed while the fault lasted, and how much longer than usual (by the median) the others waited.
func (w *windows) loss() verdict.Loss {
	fault := w.all[1]
	loss := verdict.Loss{Attempts: fault.Good + fault.Bad, Failed: fault.Bad, Unseen: fault.Dropped + fault.Unknown}
	took := w.during.latencies
	if w.short || len(took) == 0 {
		return loss
	}
	loss.Compared = true
	usual := percentile(w.usual, 0.50)
	extra := func(latency history.Instant) history.Instant { return max(0, latency-usual) }
	var total history.Instant
	for _, latency := range took {
		total += extra(latency)
	}
	loss.ExtraMedian = seconds(extra(percentile(took, 0.50)))
	loss.ExtraMax = seconds(extra(took[len(took)-1]))
	loss.ExtraTotal = seconds(total)
	return loss
}

// noteOutside says how many attempts are in no window of any fault, if any.
func (s *series) noteOutside() {
	n := 0
	for i, placed := range s.placed {
		if !placed && s.tries[i].Due >= 0 {
			n++
		}
	}
	if s.outside = n; n == 0 {
		return
	}
	if n == 1 {
		s.remark(verdict.OutsideWindows, "", "1 attempt of %s is in no window", s.probe.Name)
		return
	}
	s.remark(verdict.OutsideWindows, "", "%d attempts of %s are in no window", n, s.probe.Name)
}
