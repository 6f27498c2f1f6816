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

// TestDiscardedAreToldTogether: a hundred drills that were discarded for one reason are one line.
func TestDiscardedAreToldTogether(t *testing.T) {
	r := &repetition.Result{}
	for i := range 40 {
		run := repetition.Run{}
		if i%3 == 0 {
			run.Discarded = "staff: nobody got in"
		}
		if i == 4 {
			run.Discarded = "somebody interrupted it"
		}
		r.Runs = append(r.Runs, run)
	}
	all := discardedOf(r)
	if len(all) != 2 || all[0].which() != "drills 1, 4, 7, 10, 13, 16, 19, 22, 25, 28 and 4 more" || all[1].which() != "drill 5" {
		t.Errorf("%+v", all)
	}
	if notes := validityOf(r).Notes; len(notes) != 3 || notes[2] != "drill 5 is discarded: somebody interrupted it" {
		t.Errorf("%q", notes)
	}
}
