package report

import (
	"testing"

	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// TestBinsAreFew wherever the shortest and the longest lie: where they begin may take one more than their width says.
func TestBinsAreFew(t *testing.T) {
	for lowest := 0.001; lowest < 30; lowest *= 1.37 {
		for wide := 0.01; wide < 100; wide *= 1.13 {
			times := &repetition.Times{}
			for _, s := range []float64{lowest, lowest + wide} {
				up := verdict.Seconds(s)
				times.Drills = append(times.Drills, repetition.Sample{Interval: verdict.Interval{Lower: up, Upper: &up}})
			}
			if bins := binsOf(times); len(bins) < 2 || len(bins) > spreadBins+1 {
				t.Fatalf("%g to %g s are %d bins", lowest, lowest+wide, len(bins))
			}
		}
	}
}
