package inference

import (
	"cmp"
	"math"
	"slices"
)

// Step is a step of a survival curve: from that time on, so many of all drills have not recovered yet.
type Step struct {
	Seconds float64
	Out     float64 // from 1 down to 0
}

// Survival is the estimate of Kaplan and Meier: what share of drills is still out after how long. A drill that never
// recovered counts among those who are out until it was no longer watched, and then no more.
func Survival(drills []Time) []Step {
	drills = slices.SortedFunc(slices.Values(drills), func(a, b Time) int { return cmp.Compare(a.Seconds, b.Seconds) })
	var steps []Step
	out := 1.0
	for i := 0; i < len(drills); {
		at, recovered, watched := drills[i].Seconds, 0, len(drills)-i
		for ; i < len(drills) && drills[i].Seconds == at; i++ {
			if !drills[i].Censored {
				recovered++
			}
		}
		if recovered > 0 {
			out *= 1 - float64(recovered)/float64(watched)
			steps = append(steps, Step{at, out})
		}
	}
	return steps
}

// Median is the time after which half of all drills have recovered: the middle between the steps where the curve lies
// on one half exactly. It is infinite where the curve stays above.
func Median(curve []Step) float64 {
	const half = 0.5 + 1e-12 // sums of shares aren't exact
	i := slices.IndexFunc(curve, func(s Step) bool { return s.Out <= half })
	switch {
	case i < 0:
		return math.Inf(1)
	case curve[i].Out < 1-half:
		return curve[i].Seconds
	case i == len(curve)-1: // the other half never recovered
		return math.Inf(1)
	}
	return (curve[i].Seconds + curve[i+1].Seconds) / 2
}

// watchedLess tells whether a drill that never recovered was watched for less than another took to recover.
func watchedLess(drills []Time) bool {
	longest := slowest(drills)
	return slices.ContainsFunc(drills, func(d Time) bool { return d.Censored && d.Seconds < longest })
}

// slowest is the longest that any drill took to recover; -Inf where none did.
func slowest(drills []Time) float64 {
	longest := math.Inf(-1)
	for _, d := range drills {
		if !d.Censored {
			longest = max(longest, d.Seconds)
		}
	}
	return longest
}
