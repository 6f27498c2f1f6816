package repetition

import (
	"cmp"
	"slices"

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
	Tail           *Tail            `json:"tail,omitempty"`
	Drills         []Sample         `json:"drills"` // in the order in which they were run
}

// Tail is where the longest times come from: the phases of the slowest twentieth of those who went elsewhere, each by
// how much it is longer on average than its median over all. There is one from twenty drills on.
type Tail struct {
	N    int             `json:"n"`
	From verdict.Seconds `json:"from"` // the shortest of them
	Over verdict.Phases  `json:"over"` // negative where a phase is shorter in the tail
}

// Sample is one drill's time.
type Sample struct {
	Run   int           `json:"run"`   // which drill, from 1
	Grade verdict.Grade `json:"grade"` // of the objective in it
	verdict.Interval
	Watched *verdict.Seconds `json:"watched,omitempty"` // for how long, where it never recovered
	Phases  *verdict.Phases  `json:"phases,omitempty"`  // where people went elsewhere
}

// Longest is its time in seconds, or for how long it was watched.
func (s Sample) Longest() verdict.Seconds { return verdict.Seconds(s.Time().Seconds) }

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

// timesOf are those of samples, nil where there is none.
func timesOf(samples []Sample, confidence float64) *Times {
	if len(samples) == 0 {
		return nil
	}
	times := &Times{Drills: samples}
	var all []inference.Time
	for _, s := range samples {
		all = append(all, s.Time())
	}
	t := inference.TypicalOf(all, confidence)
	times.N, times.NeverRecovered = t.N, t.Censored
	times.Median, times.Lower, times.Upper = verdict.Finite(t.Median), verdict.Finite(t.Lower), verdict.Finite(t.Upper)
	times.Min, times.Max = verdict.Finite(t.Min), verdict.Finite(t.Max)
	if t.P95 != nil {
		times.P95 = verdict.Finite(*t.P95)
	}
	times.Tail = tailOf(samples)
	return times
}

// SampleOf is what a finding's drill tells of its time. Who was back only because the fault had ended has not
// recovered: their drill was watched until then. What has no upper bound never came while it was watched.
func SampleOf(v *verdict.Verdict, f verdict.Finding) (Sample, bool) {
	actual, ok := f.Actual.(*verdict.Interval)
	var phases *verdict.Phases
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
		if r.EndedBy == verdict.Failover {
			phases = r.Phases
		}
	}
	switch {
	case !ok || actual == nil:
		return Sample{}, false
	case actual.Upper == nil: // it was not seen to come, for that long
		return Sample{Interval: *actual, Watched: &actual.Lower}, true
	}
	return Sample{Interval: *actual, Phases: phases}, true
}

// phasesOf puts the five together.
func phasesOf(of func(i int) verdict.Seconds) verdict.Phases {
	return verdict.Phases{Detect: of(0), Decide: of(1), Steer: of(2), Authenticate: of(3), Stabilise: of(4)}
}

const tailDrills = 20 // from which on a twentieth of them is one at least

func tailOf(samples []Sample) *Tail {
	samples = slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool { return s.Phases == nil })
	all := partsOf(samples)
	if len(samples) < tailDrills {
		return nil
	}
	slices.SortStableFunc(samples, func(a, b Sample) int { return cmp.Compare(b.Longest(), a.Longest()) })
	slowest := samples[:len(samples)/tailDrills]
	return &Tail{N: len(slowest), From: slowest[len(slowest)-1].Longest(), Over: phasesOf(func(i int) verdict.Seconds {
		var sum verdict.Seconds
		for _, s := range slowest {
			sum += s.Phases.Each()[i]
		}
		return sum/verdict.Seconds(len(slowest)) - all.Phases.Each()[i]
	})}
}

// partsOf are the medians of the phases, nil where no sample has any.
func partsOf(samples []Sample) *Parts {
	var each [5][]inference.Time
	for _, s := range samples {
		if s.Phases == nil {
			continue
		}
		for i, p := range s.Phases.Each() {
			each[i] = append(each[i], inference.Time{Seconds: float64(p)})
		}
	}
	if len(each[0]) == 0 {
		return nil
	}
	return &Parts{N: len(each[0]), Phases: phasesOf(func(i int) verdict.Seconds {
		return verdict.Seconds(inference.Median(inference.Survival(each[i])))
	})}
}
