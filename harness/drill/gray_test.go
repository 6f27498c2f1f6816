package drill_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// grayScenario has people who are met by a fault now and then. The share of good attempts that it asks for is far from
// what the odds leave: what a share near it comes to is the draw's.
const grayScenario = `schema: regiondrill.scenario/v1
name: gray
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2},
  idp: {bookmarks: [eu-west-1]}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 2s
settle: 3s
probes:
  - {name: staff, kind: saml_login, from: office, home: us-east-1, every: 200ms, limit: 3s%s}
faults:
  - {name: gray, where: {region: us-east-1%s: %v, at: 1s, for: 12s}
checks:
  - {kind: recovery, probe: staff, fault: gray, within: 4s, sustained: {for: 2s}}
  - {kind: availability, probe: staff, fault: gray, at_least: %v}
`

// grayFaults are those with odds, up to the odds.
var grayFaults = []struct{ name, text string }{
	{"kms", ", service: kms, operation: Decrypt}, kind: api_errors, code: AccessDeniedException, odds"},
	{"portal", ", service: portal_api}, kind: api_errors, status: 500, odds"},
	{"throttle", ", service: portal_api}, kind: throttle, odds"},
	{"reset", "}, kind: link, reset"},
}

const (
	graySeeds  = 8 // of each case, where all are tried
	graySample = 3
)

// grayCases are of the sample, by fault, odds and whether people steer.
var grayCases = map[string]bool{"portal 0.05 stay": true, "kms 0.3 stay": true, "reset 0.3 steer": true}

// TestAGrayFaultHasOneGrade over all seeds, which draw who is met by it and when people arrive, or it is unknown: who
// stays at home is not back because the last were lucky, nor out because of a few who weren't. That is no failover,
// which is what people need who go elsewhere. All cases are tried where the environment has REGIONDRILL_MATRIX.
func TestAGrayFaultHasOneGrade(t *testing.T) {
	unlessRaced(t)
	whole := os.Getenv(matrixWhole) != ""
	for _, fault := range grayFaults {
		for _, odds := range []float64{0.05, 0.3, 0.6, 0.95} {
			for _, way := range []string{"stay", "steer"} {
				name, seeds := fmt.Sprintf("%s %v %s", fault.name, odds, way), graySample
				if whole {
					seeds = graySeeds
				} else if !grayCases[name] {
					continue
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					grayCase(t, fault.text, odds, way == "steer", uint64(seeds))
				})
			}
		}
	}
}

// grayCase drills one fault with one share by several seeds.
func grayCase(t *testing.T, fault string, odds float64, steer bool, seeds uint64) {
	bookmark, share, back, served := "", 0.65, verdict.Unknown, verdict.Pass
	switch {
	case steer:
		bookmark, back = ",\n     steer: {by: bookmark, to: eu-west-1, after: 500ms}", verdict.Pass
	case odds > 0.05: // every window has some who fail
		share, back, served = 0.95, verdict.Fail, verdict.Fail
	}
	text := fmt.Sprintf(grayScenario, bookmark, fault, odds, share)
	seen := map[verdict.Grade][]uint64{}
	for seed := range seeds {
		c := catalog.Default()
		_, plan, err := c.Read(strings.NewReader(text), "gray.yaml", nil,
			engine.Options{Target: c.Targets[0], Version: "test", Seed: &seed})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			_, v := recorded(t, plan)
			recovery, availability, r := v.Findings[0], v.Findings[1], v.Recovery("staff", "gray")
			if v.Validity.Grade != verdict.Pass || availability.Grade != served {
				t.Errorf("seed %d: %s, %v", seed, availability.Summary, v.Validity.Notes)
			}
			elsewhere := v.Window("staff", "gray", verdict.Fault).Carried["eu-west-1"] > 0
			if failover := strings.Contains(recovery.Summary, "eu-west-1"); elsewhere != steer ||
				r.EndedBy == verdict.Failover != failover || failover != steer {
				t.Errorf("seed %d: ended by %s, carried elsewhere: %t; %s", seed, r.EndedBy, elsewhere, recovery.Summary)
			}
			seen[recovery.Grade] = append(seen[recovery.Grade], seed)
			t.Logf("seed %d: %s %s: %s", seed, recovery.Grade, r.EndedBy, recovery.Summary)
		})
	}
	if len(seen[verdict.Pass]) > 0 && len(seen[verdict.Fail]) > 0 || len(seen[back]) == 0 {
		t.Errorf("the grades of the seeds are %v; most are %s", seen, back)
	}
}
