package measure

import (
	"cmp"
	"fmt"
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
	outside int               // attempts due at or after zero that are in no window
}

// view is a span of a probe's attempts.
type view struct {
	beats, evidence []try
	latencies       []history.Instant // of the good ones, sorted
	observed        bool
}

func viewOf(tries []try, every history.Instant) view {
	v := view{beats: tries}
	holes := false
	for _, t := range tries {
		if !t.evidence() {
			continue
		}
		if n := len(v.evidence); n > 0 && t.Due-v.evidence[n-1].Due > 3*every {
			holes = true
		}
		v.evidence = append(v.evidence, t)
		if t.Outcome == history.Good {
			v.latencies = append(v.latencies, t.Ended-t.Due)
		}
	}
	slices.Sort(v.latencies)
	v.observed = len(v.evidence) > 0 && !holes && observed(len(v.evidence), len(tries))
	return v
}

// windows sorts the attempts by overlap: baseline ended before the fault was requested and met no other, fault met it,
// after arrived when it was healed, until another fault came. An attempt between healing and healed is in none.
func (s *series) windows(faults []fault, f *fault, end history.Instant) *windows {
	others := s.troubles(faults, f, end)
	watch, cut := f.watchEnd(faults, end)
	w := &windows{carried: map[string]int{}}
	var in [3][]try
	for _, t := range s.tries {
		placed := false
		for k, inside := range []bool{
			t.Due >= 0 && (f.requested == nil || t.Ended <= *f.requested) && !others.touch(t),
			f.met(t),
			f.healed != nil && t.Due >= *f.healed && (!cut || t.Ended <= watch),
		} {
			if inside {
				in[k], placed = append(in[k], t), true
			}
		}
		if t.Due >= 0 && !placed {
			w.outside++
		}
	}
	views := [3]view{}
	for k, name := range []string{verdict.Baseline, verdict.Fault, verdict.After} {
		views[k] = viewOf(in[k], s.probe.Every)
		w.all = append(w.all, s.window(name, f.name, views[k]))
	}
	w.during = views[1]
	w.during.observed = w.during.observed && f.spanned(w.during.evidence, 3*s.probe.Every)
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

const (
	fewUsual   = 5 // good sign-ins of a baseline below which those of the warm-up count too
	leastUsual = 3 // below which nothing can be compared
)

// compareWith finds what was usual before the fault.
func (s *series) compareWith(w *windows, baseline view) {
	usual := slices.DeleteFunc(slices.Clone(baseline.evidence), func(t try) bool { return t.Outcome != history.Good })
	for i := len(s.tries) - 1; i >= 0 && len(usual) < fewUsual; i-- {
		if t := s.tries[i]; t.Due < 0 && t.Ended <= 0 && t.Outcome == history.Good {
			usual = append(usual, t)
		}
	}
	for _, t := range usual {
		w.usual = append(w.usual, t.Ended-t.Due)
		w.carried[t.Region]++
	}
	slices.Sort(w.usual)
	w.short = len(usual) < leastUsual
}

// troubles are the spans in which a probe was not as usual because of other faults, in order and apart.
type troubles []stretch

func (all troubles) touch(t try) bool {
	first := sort.Search(len(all), func(i int) bool { return all[i].until > t.Due })
	return first < len(all) && t.Ended >= all[first].since
}

// troubles lists, for every other fault, the span from its request until people were home again.
func (s *series) troubles(faults []fault, f *fault, end history.Instant) troubles {
	var all troubles
	for i := range faults {
		if o := &faults[i]; o.name != f.name && o.requested != nil {
			all = append(all, s.trouble(faults, o, end))
		}
	}
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Compare(a.since, b.since) })
	apart := all[:0]
	for _, one := range all {
		if n := len(apart); n > 0 && one.since <= apart[n-1].until {
			apart[n-1].until = max(apart[n-1].until, one.until)
			continue
		}
		apart = append(apart, one)
	}
	return apart
}

// trouble is the span from a fault's request until people were home again. Where they were not seen to be, that is the
// rest of the run.
func (s *series) trouble(faults []fault, o *fault, end history.Instant) stretch {
	one, known := s.troubled[o.name]
	if known {
		return one
	}
	one = stretch{*o.requested, math.MaxInt64}
	if o.healed != nil {
		watch, cut := o.watchEnd(faults, end)
		c := s.newComeback(*o.healed, watch, s.rules[o.name], s.probe.Home, cutAt(watch, cut))
		if c.sustained != nil {
			one.until = c.sustained.Ended
		}
	}
	s.troubled[o.name] = one
	return one
}

// window counts the attempts of one window.
func (s *series) window(name, fault string, v view) verdict.Window {
	w := verdict.Window{Probe: s.probe.Name, Window: name, Fault: fault, Attempts: len(v.beats), Observed: v.observed,
		Carried: map[string]int{}, Classes: map[string]int{}, Latency: percentiles(v.latencies)}
	for _, t := range v.beats {
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
	if told := w.Attempts - w.Unknown; told > 0 {
		ratio := float64(w.Good) / float64(told)
		w.Availability = &ratio
	}
	return w
}

// rank is the nearest-rank percentile of sorted values.
func rank(sorted []history.Instant, p float64) history.Instant {
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

func percentiles(sorted []history.Instant) *verdict.Latency {
	if len(sorted) == 0 {
		return nil
	}
	return &verdict.Latency{
		P50: seconds(rank(sorted, 0.50)), P95: seconds(rank(sorted, 0.95)),
		P99: seconds(rank(sorted, 0.99)), Max: seconds(sorted[len(sorted)-1]),
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
	usual := rank(w.usual, 0.50)
	extra := func(latency history.Instant) history.Instant { return max(0, latency-usual) }
	var total history.Instant
	for _, latency := range took {
		total += extra(latency)
	}
	loss.ExtraMedian = seconds(extra(rank(took, 0.50)))
	loss.ExtraMax = seconds(extra(took[len(took)-1]))
	loss.ExtraTotal = seconds(total)
	return loss
}

// notes says how many attempts are in no window of the fault, if any.
func (w *windows) notes(probe, fault string, single bool) []string {
	if w.outside == 0 {
		return nil
	}
	what := "attempts of %s are"
	if w.outside == 1 {
		what = "attempt of %s is"
	}
	note := fmt.Sprintf("%d "+what+" in no window", w.outside, probe)
	if !single {
		note += " of " + fault
	}
	return []string{note}
}
