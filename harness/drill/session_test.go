package drill_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

const keepers = `schema: regiondrill.scenario/v1
name: keepers
seed: 3
system:
  primary: us-east-1
  additional: [eu-west-1]
  directory: {users: 2, groups: 2, accounts: 2, permission_sets: 2}
  instance: {session_duration: 15m}
  behaviour: {session_hand_off: %t}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 76ms, idp: 20ms}}}
warm_up: 30s
settle: 10s
probes:
  - {name: keepers, kind: session_keep, from: office, home: us-east-1, every: 10s, limit: 4s,
     steer: {by: bookmark, to: eu-west-1, after: 1s}}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 1s, for: %s}
`

// TestSessionsAreKept: who has signed in before goes on in the other Region without a sign-in while their own is dark,
// until the session ends after a quarter of an hour; then they must sign in, once each, and go on by that.
func TestSessionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, v := drilledText(t, fmt.Sprintf(keepers, true, "18m"))
		if n := tally(attemptsOf(h, "keepers", -time.Minute, 14*time.Minute)); len(n) != 1 || n["good"] < 80 {
			t.Errorf("while the session lives: %v", n)
		}
		if n := tally(attemptsOf(h, "keepers", 14*time.Minute, time.Hour)); len(n) != 2 || n["session_lost"] != 2 || n["good"] < 20 {
			t.Errorf("when it ends: %v", n)
		}
		signedIn := map[string]int{} // by Region, and by whether it was before the fault
		for _, a := range h.Attempts {
			for _, s := range a.Steps {
				if s.Name == history.StepACS {
					signedIn[fmt.Sprint(s.Region, a.Due < 0)]++
				}
			}
		}
		if len(signedIn) != 2 || signedIn["us-east-1true"] != 2 || signedIn["eu-west-1false"] != 2 {
			t.Errorf("they signed in %v", signedIn)
		}
		if r := v.Recovery("keepers", "dark"); r.RecoveredIn != "eu-west-1" {
			t.Errorf("%+v", r)
		}
	})
}

// TestSessionsThatAreNotHandedOver: the other Region knows nothing of the session, and asks everybody to sign in.
func TestSessionsThatAreNotHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := drilledText(t, fmt.Sprintf(keepers, false, "30s"))
		lost := attemptsOf(h, "keepers", 2*time.Second, 20*time.Second)
		if n := tally(lost); len(n) != 1 || n["session_lost"] == 0 {
			t.Fatalf("%v", n)
		}
		if want := "the session is lost: eu-west-1 asks for a new sign-in"; lost[0].Detail != want {
			t.Errorf("it says %q", lost[0].Detail)
		}
	})
}
