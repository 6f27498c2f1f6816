package drill_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

const launches = `schema: regiondrill.scenario/v1
name: launches
seed: 3
system:
  primary: us-east-1
  additional: [eu-west-1]
  directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2}
  idp: {bookmarks: [eu-west-1]}
  applications: [{name: Wiki, region: us-east-1}, {name: Chat & Co, region: eu-west-1}]
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 3s
settle: 4s
probes:
  - {name: wiki, kind: app_launch, application: Wiki, from: office, home: us-east-1, every: 400ms, limit: 4s,
     steer: {by: bookmark, to: eu-west-1, after: 1s}}
  - {name: chat, kind: app_launch, application: Chat & Co, from: office, home: us-east-1, every: 400ms, limit: 4s,
     steer: {by: bookmark, to: eu-west-1, after: 1s}}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 1s, for: 8s}
`

// TestAnApplicationNeedsItsRegion: people are in Ireland's portal, which shows both applications, and only the one that
// is connected to Ireland starts.
func TestAnApplicationNeedsItsRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, v := drilledText(t, launches)
		if r := v.Recovery("chat", "dark"); r.EndedBy != verdict.Failover || r.RecoveredIn != "eu-west-1" {
			t.Errorf("what is Ireland's: %+v", r)
		}
		lost := attemptsOf(h, "wiki", 2*time.Second, 4500*time.Millisecond)
		if n := tally(lost); len(n) != 1 || n["timeout"] < 5 {
			t.Fatalf("what is Virginia's: %v", n)
		}
		if want := "the portal of us-east-1 did not answer in time"; lost[0].Detail != want {
			t.Errorf("it says %q", lost[0].Detail)
		}
		for probe, want := range map[string]int{"wiki": 7, "chat": 7} {
			if n := tally(attemptsOf(h, probe, -3*time.Second, 0)); n["good"] < want {
				t.Errorf("before it: %v", n)
			}
		}
		if n := tally(attemptsOf(h, "wiki", 9500*time.Millisecond, time.Hour)); len(n) != 1 || n["good"] < 5 {
			t.Errorf("after it: %v", n)
		}
	})
}
