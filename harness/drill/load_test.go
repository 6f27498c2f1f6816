package drill_test

import (
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

const herd = `schema: regiondrill.scenario/v1
name: herd
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 20, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 500ms
settle: 2s
probes:
  - {name: herd, kind: load, from: office, home: us-east-1, every: 25ms, limit: 1s}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 500ms, for: 3s}
checks:
  - {kind: availability, probe: herd, fault: dark, window: fault, at_least: 0.2}
`

// TestAHerd arrives on schedule whatever becomes of the others, with room for all who wait, and shares its connections.
// Of those who meet three seconds of silence the ones who come in the last second are patient enough: a third, less who
// come too early for their sign-in to end in time.
func TestAHerd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, herd))
		if v.Grade != verdict.Pass || v.Validity.Grade != verdict.Pass {
			t.Errorf("%s: %+v, %v", v.Grade, v.Findings, v.Validity.Notes)
		}
		if w := v.Window("herd", "dark", verdict.Fault); w.Good < 30 || w.Good > 41 || w.Good+w.Bad != w.Attempts {
			t.Errorf("%d of %d were good, %d bad", w.Good, w.Attempts, w.Bad)
		}
		if n := len(h.Attempts); n < 235 || n > 245 {
			t.Errorf("%d came in six seconds, at forty a second", n)
		}
		waited := 0
		for _, a := range h.Attempts {
			if a.Outcome == history.Dropped || len(a.Steps) > 0 {
				t.Fatalf("the attempt due %s is %s, with %d steps", a.Due, a.Outcome, len(a.Steps))
			}
			if a.Outcome == history.Good && a.Ended-a.Due > history.Seconds(0.9) {
				waited++
			}
		}
		if waited == 0 {
			t.Error("nobody waited for the end")
		}
	})
}
