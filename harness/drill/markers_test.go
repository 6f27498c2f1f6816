package drill_test

import (
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

const marked = `schema: regiondrill.scenario/v1
name: marked
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], replication: {lag: 500ms},
  directory: {users: 40, groups: 2, accounts: 2, permission_sets: 2, people: {leaver: {}}}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 3s
settle: 7s
probes:
  - {name: admin, kind: marker, from: office, home: us-east-1, every: 200ms, limit: 2s}
`

// TestTheOtherRegionIsBehind: a Region that goes dark has acknowledged what the other never got; when it is back, that
// arrives. What is written in vain meanwhile counts for nothing.
func TestTheOtherRegionIsBehind(t *testing.T) {
	text := marked + `
faults: [{name: dark, kind: region_outage, where: {region: us-east-1}, at: 4s, for: 5s}]
checks:
  - {kind: recovery_point, of: grants, fault: dark, region: eu-west-1, within: 2s}
  - {kind: recovery_point, of: revocations, fault: dark, region: eu-west-1, within: 2s}
  - {kind: recovery_point, name: too much asked, of: grants, fault: dark, region: eu-west-1, within: 100ms}
  - {kind: replication_lag, to: eu-west-1, fault: dark, p50: 1500ms}
  - {kind: convergence, fault: dark, within: 4s}
`
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, text))
		for i, want := range []verdict.Grade{verdict.Pass, verdict.Pass, verdict.Fail, verdict.Pass, verdict.Pass} {
			if f := v.Findings[i]; f.Grade != want {
				t.Errorf("%s: %s, not %s: %s", f.Name, f.Grade, want, f.Summary)
			} else {
				t.Log(f.Summary)
			}
		}
		for _, p := range v.RecoveryPoints {
			if p.Stale == 0 || p.Lost > 0 || p.Actual == nil || p.Actual.Lower <= 0 || *p.Actual.Upper > 1.5 {
				t.Errorf("%s in %s: %+v, %+v", p.Of, p.Region, p, p.Actual)
			}
		}
		refused := 0
		for i := range h.Events {
			if op, is := history.Marked.Of(&h.Events[i]); is && op.Op != history.MarkerRead && op.Result != history.MarkerOK {
				t.Log(op)
				refused++
			}
		}
		if refused == 0 || len(v.RecoveryPoints) != 2 {
			t.Errorf("%d writes were not acknowledged, %d recovery points", refused, len(v.RecoveryPoints))
		}
		t.Log(v.Validity.Notes, v.Grade)
	})
}
