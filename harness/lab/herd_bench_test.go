package lab_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

const herd = `
schema: regiondrill.scenario/v1
name: herd
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 200}}
vantages:
  here: {rtt: {us-east-1: 0s, eu-west-1: 0s, idp: 0s}}
warm_up: 1s
settle: 5s
probes:
  - {name: herd, kind: load, from: here, home: us-east-1, every: %v, limit: 2s}
`

// BenchmarkHerd offers people who sign in, open loop, at some rates for five seconds each: how many began a second, how
// many were in, and which share began more than 10 ms late or found no room to. The people and the system that they sign in to share this machine.
func BenchmarkHerd(b *testing.B) {
	for _, rate := range []int{250, 500, 1000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			for b.Loop() {
				measured(b, drill(b, fmt.Sprintf(herd, time.Second/time.Duration(rate))))
			}
		})
	}
}

// measured reports what came of a herd since the end of the warm-up.
func measured(b *testing.B, h *history.History) {
	const lasts, late = 5.0, 10 * time.Millisecond
	arrived, began, good, slow := 0.0, 0.0, 0.0, 0.0
	for _, a := range h.Attempts {
		if a.Due < 0 {
			continue
		}
		arrived++
		if a.Outcome != history.Dropped {
			began++
		}
		if a.Outcome == history.Good {
			good++
		}
		if a.Began-a.Due > history.At(late) {
			slow++
		}
	}
	b.ReportMetric(began/lasts, "began/s")
	b.ReportMetric(good/lasts, "in/s")
	b.ReportMetric(100*slow/arrived, "late_%")
	b.ReportMetric(100*(arrived-began)/arrived, "dropped_%")
}
