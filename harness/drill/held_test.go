package drill_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// drilledText runs a scenario in the lab, in virtual time.
func drilledText(t *testing.T, text string) (*history.History, *verdict.Verdict) {
	t.Helper()
	c := catalog.Default()
	_, plan, err := c.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return recorded(t, plan)
}

// attemptsOf are those of a probe that were due in a span from the end of the warm-up.
func attemptsOf(h *history.History, probe string, from, to time.Duration) []history.Attempt {
	return slices.DeleteFunc(slices.Clone(h.Attempts), func(a history.Attempt) bool {
		return a.Probe != probe || a.Due < history.At(from) || a.Due >= history.At(to)
	})
}

// tally counts attempts by their outcomes, and the bad ones by their classes.
func tally(attempts []history.Attempt) map[string]int {
	n := map[string]int{}
	for _, a := range attempts {
		if a.Outcome == history.Bad {
			n[string(a.Class)]++
			continue
		}
		n[string(a.Outcome)]++
	}
	return n
}

const held = `schema: regiondrill.scenario/v1
name: held
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 2, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 76ms, idp: 20ms}}}
warm_up: 40s
settle: 2m
probes:
  - {name: holders, kind: role_credentials, credentials: held, use_in: eu-west-1, from: office, home: us-east-1,
     every: 20s, limit: 4s}
  - {name: askers, kind: role_credentials, use_in: eu-west-1, from: office, home: us-east-1, every: 20s, limit: 4s}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 1s, for: 70m}
`

// TestHeldCredentialsOutliveTheirRegion: who holds credentials of a role works with them in another Region while that
// which gave them out is dark, until they expire after an hour; who asks for new ones gets none from the start.
func TestHeldCredentialsOutliveTheirRegion(t *testing.T) {
	unlessRaced(t)
	synctest.Test(t, func(t *testing.T) {
		h, v := drilledText(t, held)
		live, expired := tally(attemptsOf(h, "holders", 5*time.Second, 59*time.Minute)),
			tally(attemptsOf(h, "holders", 61*time.Minute, 69*time.Minute))
		if len(live) != 1 || live["good"] < 170 || len(expired) != 1 || expired["timeout"] < 20 {
			t.Errorf("held ones: %v, and expired: %v", live, expired)
		}
		if fresh := tally(attemptsOf(h, "askers", 5*time.Second, 69*time.Minute)); len(fresh) != 1 || fresh["timeout"] < 200 {
			t.Errorf("new ones: %v", fresh)
		}
		if after := tally(attemptsOf(h, "holders", 70*time.Minute+10*time.Second, 72*time.Minute)); len(after) != 1 || after["good"] == 0 {
			t.Errorf("once it is over: %v", after)
		}
		if r := v.Recovery("holders", "dark"); len(r.Outages) != 1 || r.Outages[0].Lower < 500 || r.Outages[0].Lower > 700 {
			t.Errorf("%+v", r)
		}
	})
}
