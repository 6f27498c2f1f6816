package drill_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

const commandLine = `schema: regiondrill.scenario/v1
name: command-line
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 76ms, idp: 20ms}}}
warm_up: 3s
settle: 6s
probes:
  - {name: tools, kind: role_credentials, from: office, home: us-east-1, every: 200ms, limit: 4s,
     steer: {by: cli_profile, to: eu-west-1, after: 1s}}
  - {name: stubborn, kind: role_credentials, from: office, home: us-east-1, every: 200ms, limit: 4s}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 1s, for: 12s}
checks:
  - {kind: recovery, probe: tools, fault: dark, within: 4s, sustained: {for: 2s}}
`

// TestCredentialsRecover asks for the recovery of a journey that is no sign-in: people with a profile of the other
// Region are back by it, and sign in there once; who has none waits for the end.
func TestCredentialsRecover(t *testing.T) {
	unlessRaced(t)
	synctest.Test(t, func(t *testing.T) {
		c := catalog.Default()
		_, plan, err := c.Read(strings.NewReader(commandLine), "it.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		h, v := recorded(t, plan)
		if h.Plan.Probes[0].Journey != history.RoleCredentials {
			t.Errorf("the journey is %q", h.Plan.Probes[0].Journey)
		}
		tools, stubborn := v.Recovery("tools", "dark"), v.Recovery("stubborn", "dark")
		if v.Grade != verdict.Pass || tools.EndedBy != verdict.Failover || tools.RecoveredIn != "eu-west-1" {
			t.Errorf("%s: %s in %s, %v; %v", v.Grade, tools.EndedBy, tools.RecoveredIn, tools.RecoveryTimeActual, v.Validity.Notes)
		}
		if stubborn.EndedBy != verdict.Heal {
			t.Errorf("who has no other profile: %s, %v", stubborn.EndedBy, stubborn.RecoveryTimeActual)
		}
		logins := map[string]int{} // by Region, of the tools
		for _, a := range h.Attempts {
			for _, s := range a.Steps {
				if a.Probe == "tools" && s.Name == history.StepACS {
					logins[s.Region]++
				}
			}
		}
		if logins["us-east-1"] != 4 || logins["eu-west-1"] < 4 || logins["eu-west-1"] > 16 {
			t.Errorf("they signed in %v times, which four people do once in a Region", logins)
		}
		last := h.Attempts[len(h.Attempts)-1]
		if n := len(last.Steps); n != 2 || last.Steps[0].Name != history.StepRoleCredentials || last.Steps[1].Name != history.StepCallerIdentity ||
			last.Ended-last.Due > history.At(time.Second) {
			t.Errorf("with a session it takes %+v", last.Steps)
		}
	})
}
