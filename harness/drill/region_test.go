package drill_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

const adding = `schema: regiondrill.scenario/v1
name: adding
seed: 3
system: {primary: us-east-1, standby: [eu-west-1, eu-central-1],
  directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}, cut-off: {}}
warm_up: 2s
settle: 14s
probes:
  - {name: staff, kind: saml_login, from: office, home: us-east-1, every: 500ms, limit: 3s}
faults:
  - {name: cut, kind: partition, where: {region: us-east-1, from: cut-off}, mode: refuse, at: 1s, for: 4s}
actions:
  - {name: in-vain, kind: add_region, region: eu-west-1, from: cut-off, at: cut.effective + 1s}
  - {name: once, kind: add_region, region: eu-west-1, at: cut.effective + 2s}
  - {name: meanwhile, kind: add_region, region: eu-central-1, at: cut.effective + 2100ms}
  - {name: again, kind: add_region, region: eu-west-1, at: cut.healed + 6s, for: 1s}
  - {name: later, kind: add_region, region: eu-west-1, at: cut.healed + 8s}
checks:
  - {kind: action_outcome, action: in-vain, expect: failed}
  - {kind: action_outcome, action: once}
  - {kind: action_outcome, action: meanwhile, expect: failed}
  - {kind: action_outcome, action: again, expect: failed}
  - {kind: action_outcome, action: later, expect: failed}
`

// TestARegionIsAskedForOverTheNetwork: an administrator who doesn't reach the primary adds none, and what Identity
// Center refuses is data. Who was refused takes nothing back, so that the Region of another stays.
func TestARegionIsAskedForOverTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, v := drilledText(t, adding)
		if v.Grade != verdict.Pass || !h.End.Undone {
			t.Errorf("%s: %+v; %v", v.Grade, v.Findings, v.Validity.Notes)
		}
		said := map[string]string{}
		for _, e := range h.Events {
			if e.Action != nil && e.Action.Change == history.Failed {
				said[e.Action.Name] = e.Action.Detail
			}
		}
		for name, want := range map[string]string{
			"in-vain":   "connection refused",
			"meanwhile": "The Region eu-west-1 is ADDING, and one Region at a time can be changed.",
			"again":     "The Region eu-west-1 is one of the instance's already.",
			"later":     "The Region eu-west-1 is one of the instance's already.",
		} {
			if !strings.Contains(said[name], want) {
				t.Errorf("%s says %q", name, said[name])
			}
		}
	})
}

const removing = `schema: regiondrill.scenario/v1
name: removing
seed: 3
system: {primary: us-east-1, additional: [eu-west-1],
  directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 2s
settle: 10s
probes:
  - {name: staff, kind: saml_login, from: office, home: eu-west-1, every: 500ms, limit: 3s}
faults:
  - {name: slow, kind: link, where: {region: us-east-1, from: office}, latency: 1ms, at: 1s, for: 14s}
actions:
  - {name: elsewhere, kind: remove_region, region: eu-west-1, ask: eu-west-1, at: slow.effective + 1s}
  - {name: primary, kind: remove_region, region: us-east-1, at: slow.effective + 1s}
  - {name: keyless, kind: add_region, region: eu-west-3, without_key: true, at: slow.effective + 1s}
  - {name: gone, kind: remove_region, region: eu-west-1, at: slow.effective + 3s, for: 3s}
checks:
  - {kind: action_outcome, action: elsewhere, expect: failed, reason: AccessDeniedException}
  - {kind: action_outcome, action: primary, expect: failed, reason: "primary Region can't be removed"}
  - {kind: action_outcome, action: keyless, expect: failed, reason: no replica}
  - {kind: action_outcome, action: gone}
  - {kind: action_outcome, name: wrongly, action: keyless, expect: failed, reason: ServiceQuotaExceededException}
  - {kind: availability, probe: staff, fault: slow, at_most: 0.9}
  - {kind: availability, name: again, probe: staff, fault: slow, window: after, at_least: 0.9}
`

// TestARegionIsTakenOut and added again, with the people who are in it; what is refused changes nothing, and a check
// tells one reason from another.
func TestARegionIsTakenOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, v := drilledText(t, removing)
		if !h.End.Undone {
			t.Errorf("ended as %+v; %v", h.End, v.Validity.Notes)
		}
		for _, f := range v.Findings {
			if want := f.Name != "wrongly"; want != (f.Grade == verdict.Pass) {
				t.Errorf("%s: %s", f.Grade, f.Summary)
			}
		}
	})
}
