package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
)

// TestNeedsAreThoseOfTheScenario, and not those of a fault of the kind that is set up otherwise.
func TestNeedsAreThoseOfTheScenario(t *testing.T) {
	text := `schema: regiondrill.scenario/v1
name: it
system: {primary: us-east-1, additional: [eu-west-1]}
vantages: {office: {rtt: {us-east-1: 8ms}}}
warm_up: 5s
settle: 20s
probes: [{name: staff, kind: saml_login, from: office, home: us-east-1, every: 100ms, limit: 5s}]
faults:
  - {name: slow, kind: kms_key, mode: throttled, where: {region: us-east-1}, at: 1s, for: 1s}
  - {name: gone, kind: kms_key, mode: disabled, where: {region: us-east-1}, at: 4s, for: 1s}
actions: [{name: back, kind: key_enable, region: us-east-1, at: 9s}]
`
	c := catalog.Default()
	_, plan, err := c.Read(strings.NewReader(text), "F", nil, engine.Options{Target: c.Targets[0]})
	if err != nil {
		t.Fatal(err)
	}
	for name, needs := range map[string][]string{"slow": {"network"}, "gone": {"key"}, "back": {"key"}, "nobody": nil} {
		if got := plan.Needs(name); !slices.Equal(got, needs) {
			t.Errorf("%s needs %v, not %v", name, got, needs)
		}
	}
}
