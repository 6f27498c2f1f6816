package inference

import "gonum.org/v1/gonum/stat/distuv"

// AtLeast is what an objective's probability of being met is at least, with the confidence, when met of n drills have
// met it: the lower bound of Clopper and Pearson, 0 when none has. Drills must be alike and independent of each other.
func AtLeast(met, n int, confidence float64) float64 {
	if met == 0 {
		return 0
	}
	return distuv.Beta{Alpha: float64(met), Beta: float64(n - met + 1)}.Quantile(1 - confidence)
}

// Needed is how many drills, none of which misses the objective, show that it is met with at least that probability.
// Both are above 0 and below 1.
func Needed(probability, confidence float64) int {
	n := 1
	for AtLeast(n, n, confidence) < probability {
		n++
	}
	return n
}
