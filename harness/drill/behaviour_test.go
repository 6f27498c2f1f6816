package drill_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
)

const knobs = `schema: regiondrill.scenario/v1
name: knobs
seed: 9
system:
  primary: us-east-1
  additional: [eu-west-1]
  behaviour: {%s}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 1s
settle: 2s
probes:
  - {name: ireland, kind: saml_login, from: office, home: eu-west-1, every: 250ms, limit: 3s}
faults:
  - {name: key, kind: kms_key, where: {region: eu-west-1}, at: 1s, for: 2s}
`

// TestABehaviourIsTheLabs: a Region that keeps its data keys open doesn't notice that its key is disabled, and one that
// asks at every sign-in does.
func TestABehaviourIsTheLabs(t *testing.T) {
	unlessRaced(t)
	for behaviour, want := range map[string]bool{"": true, "kms_cache: 1h": false} {
		k := catalog.Default()
		text := strings.NewReader(fmt.Sprintf(knobs, behaviour))
		_, plan, err := k.Read(text, "it.yaml", nil, engine.Options{Target: k.Targets[0], Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			h, _ := recorded(t, plan)
			bad := 0
			for _, a := range h.Attempts {
				if a.Outcome == history.Bad {
					bad++
				}
			}
			if (bad > 0) != want || len(h.Attempts) < 8 {
				t.Errorf("behaviour {%s}: %d of %d attempts are bad", behaviour, bad, len(h.Attempts))
			}
		})
	}
}
