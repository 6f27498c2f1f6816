package drill_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

const toTheConsole = `schema: regiondrill.scenario/v1
name: console
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2},
  idp: {bookmarks: [eu-west-1]}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms, global: 10ms}}}
warm_up: 3s
settle: 4s
probes:
  - {name: staff, kind: console, from: office, home: us-east-1, every: 500ms, limit: 3s,
     steer: {by: bookmark, to: eu-west-1, after: 1s}}
  - {name: portal, kind: saml_login, from: office, home: eu-west-1, every: 1s, limit: 3s}
`

// TestASharedHost: who fails over to a healthy Region gets to the console by its portal. While the console's own sign-in
// is away nobody does by any Region, though both portals let people in.
func TestASharedHost(t *testing.T) {
	for _, c := range []struct {
		fault   string
		endedBy verdict.EndedBy
	}{
		{"kind: region_outage, mode: refuse, where: {region: us-east-1}", verdict.Failover},
		{"kind: shared_host, mode: refuse", verdict.Heal},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, v := recorded(t, compiled(t, toTheConsole+"faults: [{name: it, "+c.fault+", at: 1s, for: 6s}]\n"+
					"checks: [{kind: recovery, probe: staff, fault: it, within: 3s, sustained: {for: 1s}}]\n"))
				r := v.Recovery("staff", "it")
				if !v.Validity.FaultsProven || !h.End.Undone || r.EndedBy != c.endedBy {
					t.Fatalf("%s: %s, %v; %v", v.Grade, r.EndedBy, r.Doubts, v.Validity.Notes)
				}
				for _, a := range attemptsOf(h, "staff", 1500*time.Millisecond, 4*time.Second) {
					good := a.Outcome == history.Good && a.Region == "eu-west-1"
					if good != (c.endedBy == verdict.Failover) {
						t.Errorf("the attempt due %s came to %q: %s %s", a.Due, a.Region, a.Class, a.Detail)
					}
				}
				if n := tally(attemptsOf(h, "portal", -time.Minute, time.Minute)); len(n) != 1 || n["good"] < 8 {
					t.Errorf("who wants the portal alone: %v", n)
				}
			})
		})
	}
}
