package measure

import (
	"fmt"
	"math"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// windows are what one probe saw before, during and after one fault.
type windows struct {
	all      []verdict.Window
	baseline []history.Instant // latencies of the good ones, sorted
	fault    []history.Instant
	outside  int // attempts due at or after zero that are in no window
}

// windows sorts the attempts by overlap: baseline ended before the fault was requested, fault met it, after arrived
// when it was healed. An attempt between healing and healed is in none.
func (s *series) windows(f fault) *windows {
	w := &windows{}
	var in [3][]try
	for _, t := range s.tries {
		placed := false
		for k, inside := range []bool{
			t.Due >= 0 && (f.requested == nil || t.Ended <= *f.requested),
			f.effective != nil && t.Ended > *f.effective && (f.healing == nil || t.Due < *f.healing),
			f.healed != nil && t.Due >= *f.healed,
		} {
			if inside {
				in[k], placed = append(in[k], t), true
			}
		}
		if t.Due >= 0 && !placed {
			w.outside++
		}
	}
	var latencies [3][]history.Instant
	for k, name := range []string{verdict.Baseline, verdict.Fault, verdict.After} {
		latencies[k] = latenciesOf(in[k])
		w.all = append(w.all, s.window(name, f.name, in[k], latencies[k]))
	}
	w.baseline, w.fault = latencies[0], latencies[1]
	return w
}

// window counts the attempts of one window.
func (s *series) window(name, fault string, tries []try, latencies []history.Instant) verdict.Window {
	w := verdict.Window{Probe: s.probe.Name, Window: name, Fault: fault, Attempts: len(tries),
		Carried: map[string]int{}, Classes: map[string]int{}, Latency: percentiles(latencies)}
	for _, t := range tries {
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

// latenciesOf is ended − due of the good ones, sorted: people wait from when they arrive.
func latenciesOf(tries []try) []history.Instant {
	var latencies []history.Instant
	for _, t := range tries {
		if t.Outcome == history.Good {
			latencies = append(latencies, t.Ended-t.Due)
		}
	}
	slices.Sort(latencies)
	return latencies
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

// baselineP99 is 0 where nobody got in before the fault.
func (w *windows) baselineP99() history.Instant {
	if len(w.baseline) == 0 {
		return 0
	}
	return rank(w.baseline, 0.99)
}

// loss is who failed while the fault lasted, and how much longer than the baseline's median the others waited.
func (w *windows) loss() verdict.Loss {
	fault := w.all[1]
	loss := verdict.Loss{Attempts: fault.Attempts - fault.Unknown, Failed: fault.Bad + fault.Dropped}
	if len(w.baseline) == 0 || len(w.fault) == 0 {
		return loss
	}
	usual := rank(w.baseline, 0.50)
	extra := func(latency history.Instant) history.Instant { return max(0, latency-usual) }
	var total history.Instant
	for _, latency := range w.fault {
		total += extra(latency)
	}
	loss.ExtraMedian = seconds(extra(rank(w.fault, 0.50)))
	loss.ExtraMax = seconds(extra(w.fault[len(w.fault)-1]))
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
