package drill_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

const leaving = `schema: regiondrill.scenario/v1
name: leaving
seed: 3
system: {primary: us-east-1, additional: [eu-west-1],
  directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2, people: {leaver: {}}}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 3s
settle: 4s
probes:
  - {name: leaver, kind: saml_login, from: office, home: eu-west-1, as: leaver, every: 500ms, limit: 3s}
  - {name: leavers-tab, kind: session_keep, from: office, home: eu-west-1, as: leaver, every: 500ms, limit: 3s}
`

// TestALeaverStillGetsIn: what the primary was told of somebody doesn't reach a Region whose replication stands still,
// and there they sign in until it goes on. Each such login is counted where it happened.
func TestALeaverStillGetsIn(t *testing.T) {
	text := leaving + `
faults: [{name: paused, kind: replication, mode: pause, where: {region: eu-west-1}, at: 1s, for: 6s}]
actions: [{name: told, kind: deprovision, user: leaver, at: paused.effective + 1s}]
checks:
  - {kind: revocation, action: told, within: 8s}
  - {kind: revocation, name: too soon, action: told, within: 2s}
`
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, text))
		for i, want := range []verdict.Grade{verdict.Pass, verdict.Fail} {
			if f := v.Findings[i]; f.Grade != want {
				t.Errorf("%s: %s, not %s: %s", f.Name, f.Grade, want, f.Summary)
			} else {
				t.Log(f.Summary)
			}
		}
		all := verdict.Entries[verdict.Revocation](&v.Measures, "revocations")
		if len(all) != 2 || all[0].LetIn < 8 || all[1].LetIn != 0 || all[1].Held < 8 || all[1].HeldFor == nil {
			t.Errorf("it was told of the leaver and of their tab as %+v", all)
		}
		if p := v.RecoveryPoints; len(p) != 1 || p[0].Region != "eu-west-1" || p[0].ZombieLogins != all[0].LetIn {
			t.Errorf("of %+v the recovery points are %+v", all, p)
		}
		if len(h.Attempts) < 20 || v.Validity.Grade != verdict.Pass {
			t.Errorf("%d attempts, %v", len(h.Attempts), v.Validity.Notes)
		}
	})
}

// TestAPushThatIsStopped: nobody tells Identity Center of a leaver while the provider's provisioning stands still, and
// what was asked for meanwhile is done when it goes on.
func TestAPushThatIsStopped(t *testing.T) {
	text := leaving + `
faults: [{name: quarantined, kind: scim_stall, mode: stopped, at: 1s, for: 4s}]
actions: [{name: told, kind: deprovision, user: leaver, at: quarantined.effective + 1s}]
checks:
  - {kind: action_outcome, action: told, within: 5s}
  - {kind: action_outcome, name: at once, action: told, within: 2s}
  - {kind: availability, probe: leaver, fault: quarantined, at_least: 1}
  - {kind: availability, probe: leaver, fault: quarantined, window: after, at_least: 0, at_most: 0.7}
`
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, text))
		for i, want := range []verdict.Grade{verdict.Pass, verdict.Fail, verdict.Pass, verdict.Pass} {
			if f := v.Findings[i]; f.Grade != want {
				t.Errorf("%s: %s, not %s: %s", f.Name, f.Grade, want, f.Summary)
			}
		}
		if _, _, _, healed := instants(h); v.Validity.Grade != verdict.Pass || !h.End.Undone || healed == 0 {
			t.Errorf("healed at %s, %v, %+v", healed, v.Validity.Notes, h.End)
		}
	})
}

// TestRevokingWhereNothingStands: a Region that stands by has no pages on which anybody's sessions are ended. That is
// what came of the action, and no reason to end the drill.
func TestRevokingWhereNothingStands(t *testing.T) {
	text := strings.Replace(leaving, "additional: [eu-west-1]", "additional: [eu-west-1], standby: [ap-southeast-2]", 1) + `
actions: [{name: in-vain, kind: revoke_sessions, user: leaver, region: ap-southeast-2, at: 1s}]
checks: [{kind: action_outcome, action: in-vain, expect: failed}]
`
	synctest.Test(t, func(t *testing.T) {
		if _, v := recorded(t, compiled(t, text)); v.Findings[0].Grade != verdict.Pass || v.Validity.Grade != verdict.Pass {
			t.Errorf("%s; %s: %v", v.Findings[0].Summary, v.Validity.Grade, v.Validity.Notes)
		}
	})
}
