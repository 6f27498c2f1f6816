package inference

import (
	"math"

	"github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// power is how probable it is that what can be found is found.
const power = 0.8

// efficiency is that of Mann and Whitney's test against one that knows that times are distributed normally.
const efficiency = 3 / math.Pi

// Spread is how far drills of one kind lie apart, as a standard deviation: by the bounds of their shift, which were
// found with the confidence, so that a single drill that took very long doesn't count for more than one; and where they
// have none, by the drills that recovered. It is NaN where too few did to say.
func (s Shift) Spread(first, second []Time, confidence float64) float64 {
	if width := s.Upper - s.Lower; !math.IsInf(width, 0) && !math.IsNaN(width) {
		return width / 2 / quantile((1+confidence)/2) / math.Sqrt((1/float64(s.N1)+1/float64(s.N2))/efficiency)
	}
	squares, free := 0.0, 0
	for _, drills := range [][]Time{first, second} {
		var values []float64
		for _, d := range drills {
			if !d.Censored {
				values = append(values, d.Seconds)
			}
		}
		if len(values) > 1 {
			deviation := stats.StdDev(values)
			squares += deviation * deviation * float64(len(values)-1)
			free += len(values) - 1
		}
	}
	return math.Sqrt(squares / float64(free))
}

// Findable is the smallest shift that two sets of these sizes tell from none, in four of five times, when drills spread
// so and P is to be at most alpha.
func Findable(n1, n2 int, spread, alpha float64) float64 {
	return (quantile(1-alpha/2) + quantile(power)) * spread * math.Sqrt((1/float64(n1)+1/float64(n2))/efficiency)
}

// Sides is how many drills a side it takes for bounds of the shift that lie no farther than within from it, when drills
// spread so and the bounds are to be wrong with at most the probability alpha; and at least so many as can tell
// anything apart.
func Sides(spread, within, alpha float64) int {
	z := quantile(1 - alpha/2)
	n := math.Ceil(2 * z * z * spread * spread / (efficiency * within * within))
	if n > math.MaxInt32 || math.IsNaN(n) {
		return math.MaxInt32
	}
	return max(int(n), Least(alpha))
}

// Least is how many drills a side can give a P of at most alpha at all.
func Least(alpha float64) int {
	n := 1
	for Smallest(n, n) > alpha {
		n++
	}
	return n
}

func quantile(p float64) float64 { return distuv.UnitNormal.Quantile(p) }

// Misses is how probable so different counts of misses would be if all drills missed alike (Fisher's exact test,
// two-sided).
func Misses(missed1, n1, missed2, n2 int) float64 {
	d := stats.HypergeometicDist{N: n1 + n2, K: missed1 + missed2, Draws: n1}
	lowest, highest := d.Bounds()
	seen, p := d.PMF(float64(missed1)), 0.0
	for k := lowest; k <= highest; k++ {
		if q := d.PMF(k); q <= seen*(1+1e-9) {
			p += q
		}
	}
	return math.Min(1, p)
}
