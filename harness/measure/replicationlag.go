package measure

import (
	"cmp"
	"math"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// replicationLags are how long after its acknowledgement each write was seen in another Region by every later look: of
// all, and of those that were acknowledged before, during and after each fault.
func replicationLags(f *Found) any {
	all := []verdict.ReplicationLag{}
	d := f.drill
	for _, m := range d.marks {
		for _, region := range m.regions {
			if region == m.home {
				continue
			}
			sights := m.sights(region)
			all = append(all, m.lag(region, "", "", sights, func(*write) bool { return true }))
			for i := range d.faults {
				fault := &d.faults[i]
				for _, window := range []string{verdict.Baseline, verdict.Fault, verdict.After} {
					all = append(all, m.lag(region, fault.name, window, sights,
						func(w *write) bool { return fault.window(w.acked) == window }))
				}
			}
		}
	}
	return all
}

// window is the fault's window in which an instant lies, empty where it is in none.
func (f *fault) window(at history.Instant) string {
	switch {
	case at >= 0 && (f.requested == nil || at <= *f.requested):
		return verdict.Baseline
	case f.first != nil && at > *f.first && (f.healing == nil || at < *f.healing):
		return verdict.Fault
	case f.healed != nil && at >= *f.healed:
		return verdict.After
	}
	return ""
}

func (m *markers) lag(
	region, fault, window string, sights []sight, in func(*write) bool,
) verdict.ReplicationLag {
	lag := verdict.ReplicationLag{Probe: m.probe, From: m.home, To: region, Fault: fault, Window: window}
	slowest := slowest(m.writes, sights)
	for i, w := range m.writes {
		if !in(w) {
			continue
		}
		sample := sampleOf(w, sights[i])
		if !sights[i].known || sample.Upper == nil && sample.Lower <= slowest {
			lag.Unknown++
			continue
		}
		if lag.Writes++; sample.Upper == nil {
			lag.Pending++
		}
		lag.Samples = append(lag.Samples, verdict.LagSample{Of: w.of, Took: sample})
	}
	if lag.Writes > 0 {
		lag.P50, lag.P99, lag.Max = quantile(lag.Samples, 0.5), quantile(lag.Samples, 0.99), quantile(lag.Samples, 1)
	}
	return lag
}

// slowest is how long a write may have taken of those that were seen. One that was made so shortly before the end that
// it may still be on its way says nothing.
func slowest(writes []*write, sights []sight) (most verdict.Seconds) {
	for i, w := range writes {
		if took := sampleOf(w, sights[i]); sights[i].known && took.Upper != nil {
			most = max(most, *took.Upper)
		}
	}
	return most
}

// quantile bounds the p-th of samples by that of their bounds, by nearest rank. One that was never seen is later than
// all others.
func quantile(samples []verdict.LagSample, p float64) *verdict.Interval {
	lowers, uppers := make([]verdict.Seconds, 0, len(samples)), make([]verdict.Seconds, 0, len(samples))
	for _, s := range samples {
		lowers = append(lowers, s.Took.Lower)
		if s.Took.Upper != nil {
			uppers = append(uppers, *s.Took.Upper)
		}
	}
	slices.SortFunc(lowers, cmp.Compare[verdict.Seconds])
	slices.SortFunc(uppers, cmp.Compare[verdict.Seconds])
	rank := max(0, int(math.Ceil(p*float64(len(samples))))-1)
	i := &verdict.Interval{Lower: lowers[rank]}
	if rank < len(uppers) {
		i.Upper = &uppers[rank]
	}
	return i
}
