package drill_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// twoRegions is a drill of people at the portal and at the command line, under names and keys of any partition, with
// either provider.
const twoRegions = `schema: regiondrill.scenario/v1
name: partition
seed: 3
system: {primary: %[1]s, additional: [%[2]s], idp: {dialect: %[3]s, bookmarks: [%[2]s]},
  directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {%[1]s: 8ms, %[2]s: 20ms, idp: 20ms}}}
warm_up: 3s
settle: 4s
probes:
  - {name: staff, kind: saml_login, from: office, home: %[1]s, every: 200ms, limit: 4s,
     steer: {by: bookmark, to: %[2]s, after: 1s}}
  - {name: tools, kind: role_credentials, from: office, home: %[2]s, every: 200ms, limit: 4s}
faults:
  - {name: keyless, kind: kms_key, where: {region: %[1]s}, at: 1s, for: 8s}
checks:
  - {kind: recovery, probe: staff, fault: keyless, within: 4s, sustained: {for: 2s}}
  - {kind: availability, probe: tools, fault: keyless, window: fault, at_least: 1}
`

// TestEveryPartition drills Regions to be enabled first, GovCloud and China like all others.
func TestEveryPartition(t *testing.T) {
	unlessRaced(t)
	for _, of := range [][3]string{{"us-east-1", "eu-west-1", "entra"}, {"af-south-1", "mx-central-1", "okta"},
		{"us-gov-west-1", "us-gov-east-1", "okta"}, {"cn-north-1", "cn-northwest-1", "entra"}} {
		t.Run(of[0]+" "+of[2], func(t *testing.T) {
			t.Parallel()
			c := catalog.Default()
			text := fmt.Sprintf(twoRegions, of[0], of[1], of[2])
			_, plan, err := c.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				h, v := recorded(t, plan)
				if v.Grade != verdict.Pass || v.Recoveries[0].EndedBy != verdict.Failover {
					t.Errorf("%s: %+v, %v", v.Grade, v.Findings, v.Validity.Notes)
				}
				for _, a := range h.Attempts {
					if a.Probe == "tools" && a.Outcome != history.Good {
						t.Fatalf("%s: %s", a.Class, a.Detail)
					}
				}
			})
		})
	}
}

// TestRegionsThatDoNotGoTogether are mistakes of the file, each with its reason.
func TestRegionsThatDoNotGoTogether(t *testing.T) {
	c := catalog.Default()
	for _, of := range [][3]string{
		{"us-east-1", "us-gov-west-1", "us-gov-west-1 is in the partition aws-us-gov, and IAM Identity Center is replicated within one"},
		{"eusc-de-east-1", "eu-west-1", "can't be replicated with eusc-de-east-1: it is the only Region"},
		{"us-east-1", "us-iso-east-1", "isolated partition"},
		{"us-east-1", "eu-west-9", `no Region is called "eu-west-9"`},
	} {
		text := fmt.Sprintf(twoRegions, of[0], of[1], "okta")
		_, _, err := c.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: c.Targets[0]})
		if err == nil || !strings.Contains(err.Error(), of[2]) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s with %s: %v", of[0], of[1], err)
		}
	}
}
