package drill_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
)

// around is a drill of one fault; people sign in at both Regions.
const around = `schema: regiondrill.scenario/v1
name: kind
seed: 5
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 8, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 1s
settle: 3s
probes:
  - {name: virginia, kind: saml_login, from: office, home: us-east-1, every: 400ms, limit: 3s}
  - {name: ireland, kind: saml_login, from: office, home: eu-west-1, every: 400ms, limit: 3s}
faults:
  - {name: it, kind: %s, %s where: {region: eu-west-1}, at: 1s, for: 4s}
`

// TestEveryFaultInTheLab drills every example of every kind of fault that the lab carries, in virtual time: it is
// proven in force throughout and healed, harms who is at home there, spares who is at home elsewhere, and everybody is
// in again afterwards.
func TestEveryFaultInTheLab(t *testing.T) {
	c := catalog.Default()
	can := c.Targets[0].New().Can()
	for _, k := range c.Faults {
		if lack := can.Lacks(k.New().Needs()); lack != "" {
			continue // the containers' tests drill it
		}
		for _, example := range append(k.Examples, "{}")[:max(1, len(k.Examples))] {
			t.Run(k.Name+" "+example, func(t *testing.T) {
				t.Parallel()
				keys := strings.Trim(example, "{}")
				if keys != "" {
					keys += ","
				}
				text := fmt.Sprintf(around, k.Name, keys)
				_, plan, err := c.Read(strings.NewReader(text), "kind.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
				if err != nil {
					t.Fatal(err)
				}
				synctest.Test(t, func(t *testing.T) { drilled(t, plan) })
			})
		}
	}
}

func drilled(t *testing.T, plan *engine.Plan) {
	h, v := recorded(t, plan)
	var changes []string
	for _, e := range h.Events {
		if e.Fault != nil {
			changes = append(changes, string(e.Fault.Change)+" "+e.Fault.Detail)
		}
	}
	if want := []string{"requested ", "effective ", "healing ", "healed "}; !slices.Equal(changes, want) {
		t.Errorf("its changes are %q", changes)
	}
	if !v.Validity.FaultsProven || h.End == nil || !h.End.Undone {
		t.Errorf("proven: %t, ended as %+v; %v", v.Validity.FaultsProven, h.End, v.Validity.Notes)
	}
	healed, harmed := history.At(5*time.Second), false
	slowest := history.Instant(0) // of Ireland's people before the fault
	for _, a := range h.Attempts {
		if a.Home == "eu-west-1" && a.Due < 0 {
			slowest = max(slowest, a.Ended-a.Due)
		}
	}
	for _, a := range h.Attempts {
		harmed = harmed || a.Home == "eu-west-1" && a.Due > history.At(time.Second) && (a.Outcome == history.Bad || a.Ended-a.Due > slowest)
		spared := a.Home == "us-east-1"
		if (spared || a.Due > healed+history.At(time.Second)) && a.Outcome != history.Good {
			t.Errorf("%s, due at %s, is %s: %s %s", a.Probe, a.Due, a.Outcome, a.Class, a.Detail)
			return
		}
	}
	if !harmed {
		t.Error("nobody noticed it")
	}
}
