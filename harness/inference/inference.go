// Package inference is what many drills of one scenario tell together: how long recovery typically takes, how bad it
// gets, and with which confidence an objective is met (measurement.md 3.6). It assumes nothing of how times are
// distributed. Times are in seconds.
package inference

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Time is one drill's recovery.
type Time struct {
	Seconds float64
	// Censored is a drill that was watched for that long and saw no recovery. It tells that recovery takes longer, and
	// no more.
	Censored bool
}

// Typical is the middle of some drills, and how far they spread.
type Typical struct {
	N        int
	Censored int     // of them: they never recovered while they were watched
	Median   float64 // infinite where half of them or more never recovered
	// Lower and Upper are the order statistics between which the median of all drills lies with the confidence. -Inf or
	// +Inf says that there are too few drills for that bound, or too many that never recovered.
	Lower, Upper float64
	Min, Max     float64  // of those that recovered; NaN where none has. Max is infinite where some have not
	P95          *float64 // nil where there are fewer drills than twenty
}

// minimumOfP95 is how many drills a 95th percentile needs: of fewer it is the longest alone.
const minimumOfP95 = 20

// TypicalOf tells of drills. They are counted as longer than all others where they never recovered, which is what
// Kaplan and Meier's median is too, as long as none was watched for less than another took to recover.
func TypicalOf(drills []Time, confidence float64) Typical {
	t := Typical{N: len(drills), Median: math.NaN(), Min: math.NaN(), Max: math.NaN(),
		Lower: math.Inf(-1), Upper: math.Inf(1)}
	if t.N == 0 {
		return t
	}
	values := make([]float64, 0, t.N)
	for _, d := range drills {
		if d.Censored {
			t.Censored++
			d.Seconds = math.Inf(1)
		}
		values = append(values, d.Seconds)
	}
	slices.Sort(values)
	if values[0] < math.Inf(1) {
		t.Min, t.Max = values[0], values[t.N-1]
	}
	t.Median = Median(Survival(drills))
	thresholds := benchmath.DefaultThresholds
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &thresholds), confidence)
	if !watchedLess(drills) {
		t.Lower, t.Upper = s.Lo, s.Hi
	}
	if t.N >= minimumOfP95 {
		p95 := values[int(math.Ceil(0.95*float64(t.N)))-1]
		t.P95 = &p95
	}
	return t
}
