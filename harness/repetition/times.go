package repetition

import (
	"math"

	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Times is how long something took, by the upper bound of each drill's interval. A bound is nil where there is none:
// too few drills, or so many never recovered that it lies beyond what was watched.
type Times struct {
	N              int              `json:"n"`
	NeverRecovered int              `json:"never_recovered"` // of them: as long as they were watched
	Median         *verdict.Seconds `json:"median"`
	Lower          *verdict.Seconds `json:"lower"` // of the median, with the confidence
	Upper          *verdict.Seconds `json:"upper"`
	Min            *verdict.Seconds `json:"min"`
	Max            *verdict.Seconds `json:"max"`
	P95            *verdict.Seconds `json:"p95,omitempty"` // from twenty drills on
	Drills         []Sample         `json:"drills"`        // in the order in which they were run
}

// Sample is one drill's time.
type Sample struct {
	verdict.Interval
	Watched *verdict.Seconds `json:"watched,omitempty"` // for how long, where it never recovered
}

// Time is what counts of it: the upper bound.
func (s Sample) Time() inference.Time {
	switch {
	case s.Watched != nil:
		return inference.Time{Seconds: float64(*s.Watched), Censored: true}
	case s.Upper != nil:
		return inference.Time{Seconds: float64(*s.Upper)}
	}
	return inference.Time{Seconds: float64(s.Lower)}
}

// Parts are the medians of the phases of a recovery, over the drills that have them. Medians of parts don't add up to
// the median of the whole.
type Parts struct {
	N int `json:"n"`
	verdict.Phases
}

// timesOf are those of the i-th check, nil where it isn't about a length of time or no drill tells one.
func timesOf(drills []*verdict.Verdict, i int, confidence float64) *Times {
	times := &Times{Drills: []Sample{}}
	var all []inference.Time
	for _, v := range drills {
		if v.Validity.Grade != verdict.Pass {
			continue
		}
		s, ok := SampleOf(v, v.Findings[i])
		if !ok {
			continue
		}
		times.Drills = append(times.Drills, s)
		all = append(all, s.Time())
	}
	if len(all) == 0 {
		return nil
	}
	t := inference.TypicalOf(all, confidence)
	times.N, times.NeverRecovered = t.N, t.Censored
	times.Median, times.Lower, times.Upper = told(t.Median), told(t.Lower), told(t.Upper)
	times.Min, times.Max = told(t.Min), told(t.Max)
	if t.P95 != nil {
		times.P95 = told(*t.P95)
	}
	return times
}

// told is a number, nil where it is none.
func told(seconds float64) *verdict.Seconds {
	if math.IsInf(seconds, 0) || math.IsNaN(seconds) {
		return nil
	}
	s := verdict.Seconds(seconds)
	return &s
}

// SampleOf is what a finding's drill tells of its time. Who was back only because the fault had ended has not
// recovered: their drill was watched until then.
func SampleOf(v *verdict.Verdict, f verdict.Finding) (Sample, bool) {
	actual, ok := f.Actual.(*verdict.Interval)
	if f.Measure == verdict.RecoveryTime {
		r := v.Recovery(f.Probe, f.Fault)
		if r == nil || len(r.Doubts) > 0 {
			return Sample{}, false
		}
		if r.EndedBy == verdict.Heal || r.EndedBy == verdict.Never {
			if r.Watched == nil {
				return Sample{}, false
			}
			return Sample{Interval: verdict.Interval{Lower: *r.Watched}, Watched: r.Watched}, true
		}
		actual, ok = r.RecoveryTimeActual, true
	}
	if !ok || actual == nil || actual.Upper == nil {
		return Sample{}, false
	}
	return Sample{Interval: *actual}, true
}

// phasesOf are the medians of the phases behind a finding.
func phasesOf(drills []*verdict.Verdict, f verdict.Finding) *Parts {
	if f.Measure != verdict.RecoveryTime {
		return nil
	}
	var parts [5][]inference.Time
	for _, v := range drills {
		r := v.Recovery(f.Probe, f.Fault)
		if v.Validity.Grade != verdict.Pass || r == nil || r.Phases == nil || r.EndedBy != verdict.Failover {
			continue
		}
		p := r.Phases
		for i, s := range [5]verdict.Seconds{p.Detect, p.Decide, p.Steer, p.Authenticate, p.Stabilise} {
			parts[i] = append(parts[i], inference.Time{Seconds: float64(s)})
		}
	}
	if len(parts[0]) == 0 {
		return nil
	}
	median := func(i int) verdict.Seconds {
		return verdict.Seconds(inference.Median(inference.Survival(parts[i])))
	}
	return &Parts{N: len(parts[0]), Phases: verdict.Phases{Detect: median(0), Decide: median(1), Steer: median(2),
		Authenticate: median(3), Stabilise: median(4)}}
}
