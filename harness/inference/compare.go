package inference

import (
	"math"
	"slices"

	"github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Shift is by how much the drills of one set take longer than those of another.
type Shift struct {
	N1, N2 int
	// Seconds is the estimate of Hodges and Lehmann: the median of all differences between a drill of the one and a drill
	// of the other. Lower and Upper bound it with the confidence; they are infinite where there are too few drills for it,
	// or too many that never recovered.
	Seconds, Lower, Upper float64
	// P is how probable so different sets would be if both were drawn alike (Mann and Whitney, two-sided); 1 where nothing
	// can be said.
	P float64
}

// exactPairs is up to how many pairs of drills the distribution of U is summed exactly, which takes the square of that.
const exactPairs = 50 * 50

// ShiftOf compares two sets: positive is that the second takes longer. A drill that never recovered counts as longer
// than all that did, and as long as another that never recovered, as long as it was watched for longer than any other
// took. One that was watched for less may have taken anything from there on: what holds for the least and for the most
// is what can be said.
func ShiftOf(first, second []Time, confidence float64) Shift {
	least := shiftOf(ranked(first, second, true), ranked(second, first, false), confidence)
	if !watchedLess(slices.Concat(first, second)) {
		return least
	}
	most := shiftOf(ranked(first, second, false), ranked(second, first, true), confidence)
	s := least
	s.Upper, s.P = most.Upper, max(least.P, most.P)
	switch {
	case least.Seconds > 0 || math.IsNaN(least.Seconds):
	case most.Seconds < 0:
		s.Seconds = most.Seconds
	default:
		if s.Seconds = 0; least.Seconds != most.Seconds {
			s.P = 1
		}
	}
	return s
}

// shiftOf compares times of which those are infinite that are longer than all others.
func shiftOf(a, b []float64, confidence float64) Shift {
	s := Shift{N1: len(a), N2: len(b), Seconds: math.NaN(), Lower: math.Inf(-1), Upper: math.Inf(1), P: 1}
	if s.N1 == 0 || s.N2 == 0 {
		return s
	}
	s.P = differ(a, b)
	differences := make([]float64, 0, s.N1*s.N2)
	for _, x := range a {
		for _, y := range b {
			d := y - x
			if math.IsNaN(d) { // neither recovered
				d = 0
			}
			differences = append(differences, d)
		}
	}
	slices.Sort(differences)
	n := len(differences)
	s.Seconds = between(differences[(n-1)/2], differences[n/2])
	if c := beyond(s.N1, s.N2, (1-confidence)/2); c > 0 {
		s.Lower, s.Upper = differences[c-1], differences[n-c]
	}
	return s
}

// differ is Mann and Whitney's P, two-sided; 1 where all are alike. With ties the distribution of U is lopsided, and
// the library takes the lower tail of whichever U is smaller: right only where that is the first set's.
func differ(a, b []float64) float64 {
	test, err := stats.MannWhitneyUTest(a, b, stats.LocationDiffers)
	if err == nil && test.U > float64(len(a)*len(b))/2 {
		test, err = stats.MannWhitneyUTest(b, a, stats.LocationDiffers)
	}
	if err != nil {
		return 1
	}
	return min(1, test.P)
}

// between is the middle of two, of which either may be infinite; between both infinities it is 0.
func between(a, b float64) float64 {
	switch {
	case a == b:
		return a
	case math.IsInf(a, -1) && math.IsInf(b, 1):
		return 0
	}
	return (a + b) / 2
}

// ranked are the times in a form that can be compared. A drill that never recovered is longer than all others; where it
// was watched for less than another drill of either set took, it may at least be as long as it was watched, and it is
// what it is at most or at least.
func ranked(drills, others []Time, most bool) []float64 {
	longest := max(slowest(drills), slowest(others))
	all := make([]float64, len(drills))
	for i, d := range drills {
		if all[i] = d.Seconds; d.Censored && (most || d.Seconds >= longest) {
			all[i] = math.Inf(1)
		}
	}
	return all
}

// beyond is how many of the ordered differences lie beyond a bound that is wrong with at most the probability alpha: 0
// where there are too few.
func beyond(n1, n2 int, alpha float64) int {
	if n1*n2 > exactPairs {
		mean := float64(n1*n2) / 2
		deviation := math.Sqrt(float64(n1*n2*(n1+n2+1)) / 12)
		return int(math.Floor(mean + distuv.UnitNormal.Quantile(alpha)*deviation))
	}
	u := stats.UDist{N1: n1, N2: n2}
	most := 0
	for low, high := 0, n1*n2/2; low <= high; { // the greatest c with P(U ≤ c − 1) ≤ alpha
		c := (low + high) / 2
		if c == 0 || u.CDF(float64(c-1)) <= alpha+1e-12 { // 1 − 0.9 isn't 0.1
			most, low = c, c+1
		} else {
			high = c - 1
		}
	}
	return most
}

// Smallest is the least P that two sets of these sizes can give, however different they are: above the level at which
// they are to be told apart, there are too few drills.
func Smallest(n1, n2 int) float64 {
	if n1 == 0 || n2 == 0 {
		return 1
	}
	all := combinations(n1+n2, n1)
	return math.Min(1, 2/all)
}

func combinations(n, k int) float64 {
	c := 1.0
	for i := 1; i <= min(k, n-k); i++ {
		c = c * float64(n-i+1) / float64(i)
	}
	return c
}

// Holm corrects P values for being many: each is then to be held against the level by itself. Their order is kept.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case p[i] < p[j]:
			return -1
		case p[i] > p[j]:
			return 1
		}
		return 0
	})
	corrected, least := make([]float64, len(p)), 0.0
	for rank, i := range order {
		least = max(least, min(1, p[i]*float64(len(p)-rank)))
		corrected[i] = least
	}
	return corrected
}
