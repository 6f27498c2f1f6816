package inference

// Sequence is a rule by which drills are repeated until it is known whether an objective is met with at least some
// probability. It is fixed beforehand, so that looking after every drill costs no confidence: over all of its looks
// together, it says "met" of what is met with less than that probability in at most 1 − confidence of all sequences,
// and "not met" of what is met with more in as many. The probabilities are summed exactly, from the binomial paths that
// have not stopped before.
type Sequence struct {
	yes, no []int // by the number of drills: the most misses that say met, -1 for none; the fewest that say not met
}

// Answer is what a sequence of drills says.
type Answer string

// The answers.
const (
	Met     Answer = "met"
	NotMet  Answer = "not met"
	Open    Answer = "open"    // more drills may tell
	Unknown Answer = "unknown" // no drill that is left can tell
)

// NewSequence is the rule for at most times drills. Probability and confidence are above 0 and below 1. "Met" may be
// said as early as it ever can be, after as many drills without a miss as Needed tells; the doubt that "not met" may
// leave is spent evenly, so that it can be said at any time.
func NewSequence(probability, confidence float64, times int) *Sequence {
	doubt := 1 - confidence
	s := &Sequence{
		yes: boundary(probability, times, func(int) float64 { return doubt }),
		no:  make([]int, times+1),
	}
	evenly := func(n int) float64 { return doubt * float64(n) / float64(times) }
	// Hits are to "not met" what misses are to "met".
	for n, hits := range boundary(1-probability, times, evenly) {
		s.no[n] = n - hits
	}
	return s
}

// boundary is, for each number of drills up to times, the most failures at which the sequence ends, or -1: as many as
// keep the probability of having ended by then within spent, where a drill succeeds with probability p.
func boundary(p float64, times int, spent func(n int) float64) []int {
	most := make([]int, times+1)
	most[0] = -1
	alive := []float64{1} // by the number of failures: the probability of being there without having ended
	ended := 0.0
	for n := 1; n <= times; n++ {
		next := make([]float64, n+1)
		for failures, q := range alive {
			next[failures] += q * p
			next[failures+1] += q * (1 - p)
		}
		most[n] = most[n-1]
		for f := most[n] + 1; f < n && ended+next[f] <= spent(n); f++ {
			ended += next[f]
			most[n], next[f] = f, 0
		}
		alive = next
	}
	return most
}

// Says is the answer after n drills of which some missed.
func (s *Sequence) Says(n, missed int) Answer {
	last := len(s.yes) - 1
	switch {
	case missed <= s.yes[n]:
		return Met
	case missed >= s.no[n] && n > 0:
		return NotMet
	case missed > s.yes[last] && missed+last-n < s.no[last]:
		return Unknown
	}
	return Open
}
