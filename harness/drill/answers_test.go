package drill_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

const answered = `schema: regiondrill.scenario/v1
name: answered
seed: 3
system: {primary: us-east-1, additional: [eu-west-1],
  directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2, people: {leaver: {}}}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 3s
settle: 12s
probes:
  - {name: ireland, kind: saml_login, from: office, home: eu-west-1, every: 250ms, limit: 3s}
  - {name: leaver, kind: saml_login, from: office, home: us-east-1, as: leaver, every: 1s, limit: 3s}
`

// TestAnOperatorRepairs a key that somebody has disabled, or the policy that somebody has broken: people are back by
// that, long before the fault would have ended, and the drill is valid.
func TestAnOperatorRepairs(t *testing.T) {
	for mode, kind := range map[string]string{"disabled": "key_enable", "pending_deletion": "key_enable", "policy_denies": "policy_restore"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			text := answered + `
faults: [{name: keyless, kind: kms_key, mode: ` + mode + `, where: {region: eu-west-1}, at: 1s, for: 15s}]
actions:
  - {name: seen, kind: acknowledge, fault: keyless, at: keyless.effective + 2s}
  - {name: decided, kind: acknowledge, what: decided, at: keyless.effective + 3s}
  - {name: repair, kind: ` + kind + `, region: eu-west-1, at: keyless.effective + 4s}
checks:
  - {kind: recovery, probe: ireland, fault: keyless, within: 5s, sustained: {for: 2s}}
  - {kind: action_outcome, action: repair, within: 1s}
`
			synctest.Test(t, func(t *testing.T) {
				h, v := recorded(t, compiled(t, text))
				r := v.Recovery("ireland", "keyless")
				if v.Grade != verdict.Pass || r.EndedBy != verdict.Home || r.RecoveredIn != "eu-west-1" || !h.End.Undone {
					t.Fatalf("%s: %+v; %+v; %v", v.Grade, r, v.Findings, v.Validity.Notes)
				}
				if r.Phases == nil || r.Phases.Detect < 2 || r.Phases.Detect > 2.1 || r.Phases.Decide < 0.9 || r.Phases.Decide > 1.1 {
					t.Errorf("its phases are %+v", r.Phases)
				}
			})
		})
	}
}

// TestAnOperatorRepairsWhatIsWell: who enables a key that its policy denies changes nothing for its people, and the
// history says so. The fault is watched to its end.
func TestAnOperatorRepairsWhatIsWell(t *testing.T) {
	text := answered + `
faults: [{name: denied, kind: kms_key, mode: policy_denies, where: {region: eu-west-1}, at: 1s, for: 8s}]
actions: [{name: enabled, kind: key_enable, region: eu-west-1, at: denied.effective + 2s}]
checks: [{kind: recovery, probe: ireland, fault: denied, within: 4s, sustained: {for: 2s}}]
`
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, text))
		if r := v.Recovery("ireland", "denied"); v.Grade != verdict.Fail || r.EndedBy != verdict.Heal || !v.Validity.FaultsProven {
			t.Errorf("%s: %+v; %v", v.Grade, r, v.Validity.Notes)
		}
		var notes []string
		for _, e := range h.Events {
			if e.Note != nil {
				notes = append(notes, e.Note.Text)
			}
		}
		if !slices.Contains(notes, "denied is in force still after enabled") {
			t.Errorf("its notes are %q", notes)
		}
	})
}

// TestSomebodyLeaves while the primary Region is away: Identity Center can't be told, and the identity provider keeps
// them out. When the primary is back it can.
func TestSomebodyLeaves(t *testing.T) {
	text := answered + `
faults: [{name: dark, kind: region_outage, mode: refuse, where: {region: us-east-1}, at: 1s, for: 8s}]
actions:
  - {name: told-in-vain, kind: deprovision, user: leaver, at: dark.effective + 2s}
  - {name: glass, kind: break_glass, from: office, region: eu-west-1, at: dark.effective + 2s}
  - {name: glass-in-vain, kind: break_glass, from: office, region: us-east-1, at: dark.effective + 2s}
  - {name: disabled, kind: disable_user, user: leaver, at: dark.effective + 3s, for: 9s}
  - {name: revoked, kind: revoke_sessions, user: leaver, region: eu-west-1, at: dark.effective + 3s}
  - {name: told, kind: deprovision, user: leaver, at: dark.healed + 6s}
checks:
  - {kind: action_outcome, action: told-in-vain, expect: failed}
  - {kind: action_outcome, action: glass-in-vain, expect: failed}
  - {kind: action_outcome, action: glass}
  - {kind: action_outcome, action: disabled}
  - {kind: action_outcome, action: revoked}
  - {kind: action_outcome, action: told}
`
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, text))
		if v.Grade != verdict.Pass || !h.End.Undone {
			t.Errorf("%s: %+v; %v", v.Grade, v.Findings, v.Validity.Notes)
		}
		classes := map[int64]history.Class{} // of the leaver, by the second in which they come
		for _, a := range h.Attempts {
			if a.Probe == "leaver" {
				classes[int64(a.Due.Duration()/time.Second)] = a.Class
			}
		}
		if classes[0] != "" || classes[10] != history.ClassIdPLoginRefused || classes[14] != "" {
			t.Errorf("the leaver meets %v", classes)
		}
		if classes[18] == "" || classes[18] == history.ClassIdPLoginRefused {
			t.Errorf("deprovisioned, the leaver meets %q", classes[18])
		}
	})
}

// An action whose check asks for another end than it came to has missed its objective.
func TestAnActionThatShouldHaveFailed(t *testing.T) {
	text := answered + `
faults: []
actions: [{name: glass, kind: break_glass, from: office, region: eu-west-1, at: 1s}]
checks: [{kind: action_outcome, action: glass, expect: failed}]
`
	synctest.Test(t, func(t *testing.T) {
		_, v := recorded(t, compiled(t, text))
		if v.Grade != verdict.Fail || !strings.Contains(v.Findings[0].Summary, "it should have failed") {
			t.Errorf("%s: %+v", v.Grade, v.Findings)
		}
	})
}
