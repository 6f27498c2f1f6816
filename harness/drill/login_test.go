package drill_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

const logins = `schema: regiondrill.scenario/v1
name: logins
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 4, groups: 2, accounts: 2, permission_sets: 3}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 3s
settle: 4s
probes:
  - {name: own, kind: cli_login, flow: %[1]s, from: office, home: us-east-1, every: 400ms, limit: 4s,
     steer: {by: cli_profile, to: eu-west-1, after: 1s}}
  - {name: edited, kind: cli_login, flow: %[1]s, profile: edited_region, from: office, home: us-east-1, every: 400ms,
     limit: 4s, steer: {by: cli_profile, to: eu-west-1, after: 1s}}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 1s, for: 8s}
checks:
  - {kind: recovery, probe: own, fault: dark, within: 4s, sustained: {for: 2s}}
`

// TestLoginsOfTheCommandLine: who has a session of the other Region in their configuration is back by it; who only
// changes the Region of the one that they have comes with a token that is nothing there, and can't log in by the start
// URL of home either, until home is back.
func TestLoginsOfTheCommandLine(t *testing.T) {
	for _, flow := range []string{"pkce", "device_code"} {
		t.Run(flow, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, v := drilledText(t, fmt.Sprintf(logins, flow))
				own, edited := v.Recovery("own", "dark"), v.Recovery("edited", "dark")
				if v.Grade != verdict.Pass || own.EndedBy != verdict.Failover || own.RecoveredIn != "eu-west-1" {
					t.Errorf("%s: %+v", v.Grade, own)
				}
				if edited.EndedBy == verdict.Failover || len(edited.Outages) != 1 {
					t.Errorf("who only changes the Region: %+v", edited)
				}
				trapped := attemptsOf(h, "edited", 2*time.Second, 7*time.Second)
				if n := tally(trapped); len(n) != 1 || n["http_4xx"] < 10 {
					t.Fatalf("who only changes the Region: %v", n)
				}
				last := trapped[len(trapped)-1]
				if want := "eu-west-1 doesn't take the token of us-east-1, and the OIDC API of eu-west-1 answered 400"; last.Detail != want {
					t.Errorf("it says %q", last.Detail)
				}
				var steps []string
				for _, s := range last.Steps {
					steps = append(steps, s.Name)
				}
				if len(steps) < 3 || steps[0] != history.StepHome || steps[1] != history.StepAccounts {
					t.Errorf("the token is not tried first: %v", steps)
				}
			})
		})
	}
}
