package drill_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
)

// pasted is a drill without faults under a key policy as somebody pasted it: %s is by which key, and the policy.
const pasted = `schema: regiondrill.scenario/v1
name: pasted
seed: 9
system:
  account: "111122223333"
  primary: us-east-1
  additional: [eu-west-1]
  kms: {%s: %q}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 1s
settle: 2s
probes:
  - {name: virginia, kind: saml_login, from: office, home: us-east-1, every: 250ms, limit: 3s}
  - {name: ireland, kind: saml_login, from: office, home: eu-west-1, every: 250ms, limit: 3s}
`

// TestPastedPolicies: AWS's documented policy on the key signs people in; where it forgets Identity Store in a Region, its
// people are told what a real tenant tells them, and what isn't understood is named.
func TestPastedPolicies(t *testing.T) {
	unlessRaced(t)
	baseline := kms.BaselinePolicy("us-east-1", "111122223333")
	forgetful := strings.ReplaceAll(baseline, `"identitystore.amazonaws.com", `, "")
	for name, c := range map[string]struct {
		key, policy string
		ireland     history.Outcome
		says        string // in a remark of the plan, or in what Ireland's people are told
	}{
		"baseline":              {"policy", baseline, history.Good, ""},
		"baseline in a Region":  {"policies: {eu-west-1", baseline, history.Good, ""},
		"without identitystore": {"policies: {eu-west-1", forgetful, history.Bad, "the portal of eu-west-1"},
		"an unknown key": {"policy", strings.Replace(baseline, "aws:SourceAccount", "aws:SourceAcount", 1), history.Good,
			`"aws:SourceAcount" is not known here`},
	} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf(pasted, c.key, c.policy)
			if strings.Contains(c.key, "{") {
				text = strings.Replace(text, "}\nvantages", "}}\nvantages", 1)
			}
			k := catalog.Default()
			_, plan, err := k.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: k.Targets[0], Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			said := fmt.Sprint(plan.Remarks)
			synctest.Test(t, func(t *testing.T) {
				h, _ := recorded(t, plan)
				for _, a := range h.Attempts {
					want := history.Good
					if a.Home == "eu-west-1" {
						want, said = c.ireland, said+a.Detail
					}
					if a.Outcome != want {
						t.Fatalf("%s is %s: %s %s", a.Probe, a.Outcome, a.Class, a.Detail)
					}
				}
			})
			if !strings.Contains(said, c.says) {
				t.Errorf("nothing is said of %s in %s", c.says, said)
			}
		})
	}
}

// TestPoliciesThatAreNone are mistakes of the file, at their key.
func TestPoliciesThatAreNone(t *testing.T) {
	k := catalog.Default()
	for _, c := range []struct{ key, policy, says string }{
		{"policy", "{", "8:17: KMS would refuse this key policy"},
		{"policies: {us-west-9", "{}", "us-west-9"},
	} {
		text := fmt.Sprintf(pasted, c.key, c.policy)
		if strings.Contains(c.key, "{") {
			text = strings.Replace(text, "}\nvantages", "}}\nvantages", 1)
		}
		_, _, err := k.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: k.Targets[0]})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.key, err)
		}
	}
}
