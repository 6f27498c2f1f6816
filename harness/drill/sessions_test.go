package drill_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

const tabs = `schema: regiondrill.scenario/v1
name: tabs
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 2s
settle: 3s
probes:
  - {name: tabs, kind: session_keep, from: office, home: us-east-1, every: 250ms, limit: 2s}
faults: [{name: it, kind: KIND, where: {region: us-east-1}, at: 1s, for: 2s}]
checks: [{kind: session_survival, probe: tabs, fault: it, at_least: 0.9}]
`

// TestSessionsSurvive an outage of the Region that they are of, and not that it loses them.
func TestSessionsSurvive(t *testing.T) {
	for kind, want := range map[string]verdict.Grade{"region_outage": verdict.Pass, "session_loss": verdict.Fail} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			plan := compiled(t, strings.Replace(tabs, "KIND", kind, 1))
			synctest.Test(t, func(t *testing.T) {
				_, v := recorded(t, plan)
				all := verdict.Entries[verdict.SessionSurvival](&v.Measures, "session_survivals")
				if f := v.Findings[0]; f.Grade != want || len(all) != 1 || all[0].People != 4 {
					t.Errorf("%s: %s; %+v", f.Grade, f.Summary, all)
				}
			})
		})
	}
}
