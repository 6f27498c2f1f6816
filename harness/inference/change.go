package inference

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Change is where a series of drills, in the order of time, became another.
type Change struct {
	At int // the first drill that is of the new kind
	// P is how probable so great a change would be somewhere among the drills around it if their order meant nothing.
	P float64
}

// The least drills that can be told apart: on either side of a change, and of a series.
const (
	LeastBeside = 3
	LeastSeries = 12
)

// permutations of the drills between two changes, by which a third among them is held against chance.
const permutations = 999

// Changes finds where a series changed with at most the probability alpha of having been drawn so, in the order of
// time: E-divisive, after D. S. Matteson and N. A. James, "A nonparametric approach for multiple change point analysis
// of multivariate data", Journal of the American Statistical Association 109 (2014), 334–345, here of the drills'
// ranks, so that one that never recovered is longer than all others and no more than that. The drills are cut in two
// where the energy distance between both sides is greatest, again within each side, as long as few of their
// permutations can be cut as well. The same drills and seed give the same changes.
func Changes(drills []Time, alpha float64, seed uint64) []Change {
	if len(drills) < LeastSeries {
		return nil
	}
	draw := rand.New(rand.NewPCG(seed, uint64(len(drills)))) //nolint:gosec // it must be the same each time
	var found []Change
	var within func(first, end int)
	within = func(first, end int) {
		ranks := midranks(ranked(drills[first:end], nil, true))
		at, distance := cut(ranks)
		if at == 0 {
			return
		}
		if p := chance(ranks, distance, alpha, draw); p <= alpha {
			found = append(found, Change{first + at, p})
			within(first, first+at)
			within(first+at, end)
		}
	}
	within(0, len(drills))
	slices.SortFunc(found, func(a, b Change) int { return a.At - b.At })
	return found
}

// chance is the share of permutations that can be cut as well; no more are drawn once they are too many.
func chance(ranks []int, distance, alpha float64, draw *rand.Rand) float64 {
	shuffled, as := slices.Clone(ranks), 0
	for n := range permutations {
		draw.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if _, d := cut(shuffled); d >= distance*(1-1e-12) {
			as++
		}
		if p := float64(as+1) / (permutations + 1); p > alpha {
			return float64(as+1) / float64(n+2)
		}
	}
	return float64(as+1) / (permutations + 1)
}

// cut finds where both sides differ most, and by which energy distance; 0 where there are too few drills, or all are
// alike.
func cut(ranks []int) (at int, distance float64) {
	n := len(ranks)
	left, right := newSums(n), newSums(n)
	var leftPairs, rightPairs, across float64 // of distances
	for _, r := range ranks {
		rightPairs += right.from(r)
		right.add(r, 1)
	}
	for i, r := range ranks {
		// The drill goes from the right to the left.
		right.add(r, -1)
		toRight, toLeft := right.from(r), left.from(r)
		rightPairs -= toRight
		leftPairs += toLeft
		across += toRight - toLeft
		left.add(r, 1)
		x, y := float64(i+1), float64(n-i-1)
		if i+1 < LeastBeside || n-i-1 < LeastBeside {
			continue
		}
		energy := 2*across/(x*y) - 2*leftPairs/(x*(x-1)) - 2*rightPairs/(y*(y-1))
		if d := energy * x * y / (x + y); d > distance+1e-9 {
			at, distance = i+1, d
		}
	}
	return at, distance
}

// midranks are twice the ranks of values, from 0; values that are alike share the middle of theirs.
func midranks(values []float64) []int {
	sorted := slices.Sorted(slices.Values(values))
	ranks := make([]int, len(values))
	for i, v := range values {
		first, _ := slices.BinarySearch(sorted, v)
		after, _ := slices.BinarySearch(sorted, math.Nextafter(v, math.Inf(1)))
		if math.IsInf(v, 1) {
			after = len(sorted)
		}
		ranks[i] = first + after - 1
	}
	return ranks
}

// sums tell how far a rank is from all that were added, in steps that grow with the logarithm of how many there may be
// (P. M. Fenwick's trees of partial sums).
type sums struct {
	counts, totals []float64
	count, total   float64
}

func newSums(n int) *sums {
	return &sums{counts: make([]float64, 2*n+1), totals: make([]float64, 2*n+1)}
}

func (s *sums) add(rank int, sign float64) {
	s.count += sign
	s.total += sign * float64(rank)
	for i := rank + 1; i < len(s.counts); i += i & -i {
		s.counts[i] += sign
		s.totals[i] += sign * float64(rank)
	}
}

func (s *sums) from(rank int) float64 {
	var count, total float64 // of those up to the rank
	for i := rank + 1; i > 0; i -= i & -i {
		count += s.counts[i]
		total += s.totals[i]
	}
	r := float64(rank)
	return r*count - total + (s.total - total) - r*(s.count-count)
}
