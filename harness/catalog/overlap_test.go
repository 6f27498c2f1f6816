package catalog

import (
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/engine"
)

const overlapping = `schema: regiondrill.scenario/v1
name: overlapping
system: {primary: us-east-1, additional: [eu-west-1]}
vantages: {here: {rtt: {us-east-1: 2ms}}}
probes: [{name: staff, kind: saml_login, from: here, home: us-east-1, every: 100ms, limit: 2s}]
faults:
  - {name: first, kind: FIRST, at: 5s, for: 10s}
  - {name: second, kind: SECOND}
actions:
  - {name: swap, kind: acs_swap, to: eu-west-1, at: 5s, for: 5s}
  - {name: again, kind: acs_swap, to: us-east-1, AGAIN}
`

// Whoever is shut out twice by the same means would be let in again by the first's end.
func TestOneIsShutOutTwice(t *testing.T) {
	const people = "primary: us-east-1, directory: {users: 2, groups: 1, accounts: 1, permission_sets: 1, people: {leaver: {}}},"
	for name, c := range map[string]struct{ first, second, says string }{
		"disabled twice":       {"disable_user, user: leaver", "disable_user, user: leaver, at: 6s", "11:"},
		"deprovisioned twice":  {"deprovision, user: leaver", "deprovision, user: leaver, at: 6s, for: 9s", "11:"},
		"one within the other": {"disable_user, user: leaver", "disable_user, user: leaver, at: 6s, for: 1s", ""},
		"by another means":     {"disable_user, user: leaver", "deprovision, user: leaver, at: 6s", ""},
		"somebody else":        {"disable_user, user: leaver", "disable_user, user: user-001, at: 6s", ""},
	} {
		text := strings.NewReplacer("FIRST", "tls, where: {region: us-east-1}", "SECOND", "tls, where: {region: eu-west-1}, at: 20s, for: 1s",
			"primary: us-east-1,", people, "acs_swap, to: eu-west-1", c.first, "acs_swap, to: us-east-1, AGAIN", c.second).
			Replace(overlapping)
		catalog := Default()
		_, _, err := catalog.Read(strings.NewReader(text), "it", nil, engine.Options{Target: catalog.Targets[0]})
		if (err == nil) != (c.says == "") || err != nil && (!strings.HasPrefix(err.Error(), "it:"+c.says) ||
			!strings.Contains(err.Error(), "would take it back") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two changes of one thing that could not be undone right are refused; rules on links, names and calls lie on each other.
func TestChangesThatOverlap(t *testing.T) {
	const key = "kms_key, where: {region: eu-west-1}, mode: "
	for name, c := range map[string]struct{ first, second, again, says string }{
		"one key":          {key + "disabled", key + "policy_denies, at: 14s, for: 5s", "at: 20s", "8:"},
		"the same mode":    {key + "policy_denies", key + "policy_denies, at: 5s, for: 10s", "at: 20s", "8:"},
		"one in the other": {key + "disabled", key + "pending_deletion, at: 6s, for: 1s", "at: 20s", "8:"},
		"after its effect": {key + "disabled", key + "disabled, at: first.effective + 1s, for: 5s", "at: 20s", "8:"},
		"after it":         {key + "disabled", key + "policy_denies, at: first.healed, for: 5s", "at: 20s", ""},
		"just behind it":   {key + "disabled", key + "policy_denies, at: 15s, for: 5s", "at: 20s", ""},
		"other Regions": {key + "disabled", "kms_key, where: {region: us-east-1}, mode: disabled, at: 6s, for: 5s",
			"at: 20s", ""},
		"rules": {"region_outage, where: {region: us-east-1}", "tls, where: {region: us-east-1}, mode: expired, " +
			"at: 6s, for: 2s", "at: 20s", ""},
		"streams": {"replication, where: {region: eu-west-1}", "replication, where: {region: eu-west-1}, " +
			"stream: sessions, at: 6s, for: 20s", "at: 20s", ""},
		"flaws": {"idp_certificate", "idp_assertion, mode: encrypted, at: 6s, for: 20s", "at: 20s", ""},
		"clocks": {"clock_skew, by: 5m, where: {place: idp}", "clock_skew, by: -5m, where: {place: idp}, at: 6s, for: 2s",
			"at: 20s", ""},
		"sessions": {"session_loss, where: {region: eu-west-1}", "session_loss, where: {region: eu-west-1}, at: 6s, for: 1s",
			"at: 20s", "8:"},
		"outlasts the swap": {key + "disabled", key + "disabled, at: 20s, for: 1s", "at: 6s, for: 9s", "11:"},
		"for good":          {key + "disabled", key + "disabled, at: 20s, for: 1s", "at: 6s", "11:"},
		"within the swap":   {key + "disabled", key + "disabled, at: 20s, for: 1s", "at: 6s, for: 2s", ""},
	} {
		text := strings.NewReplacer("FIRST", c.first, "SECOND", c.second, "AGAIN", c.again).Replace(overlapping)
		catalog := Default()
		_, _, err := catalog.Read(strings.NewReader(text), "it", nil, engine.Options{Target: catalog.Targets[0]})
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (err == nil || !strings.HasPrefix(err.Error(), "it:"+c.says) ||
			!strings.Contains(err.Error(), "take") || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An operator who has put another Region's ACS in puts the first one's back, in a drill too.
func TestAnACSIsSwappedBack(t *testing.T) {
	text := `schema: regiondrill.scenario/v1
name: swapped
system: {primary: us-east-1, additional: [eu-west-1], idp: {acs: [us-east-1]}}
vantages: {here: {rtt: {us-east-1: 2ms}}}
probes: [{name: staff, kind: saml_login, from: here, home: us-east-1, every: 100ms, limit: 2s}]
actions:
  - {name: swap, kind: acs_swap, to: eu-west-1, at: 5s}
  - {name: back, kind: acs_swap, to: us-east-1, at: 20s}
`
	catalog := Default()
	if _, _, err := catalog.Read(strings.NewReader(text), "it", nil, engine.Options{Target: catalog.Targets[0]}); err != nil {
		t.Error(err)
	}
	text = strings.ReplaceAll(text, "to: us-east-1", "to: us-east-2")
	_, _, err := catalog.Read(strings.NewReader(text), "it", nil, engine.Options{Target: catalog.Targets[0]})
	if err == nil || !strings.Contains(err.Error(), "it:8:") || !strings.Contains(err.Error(), "did you mean") {
		t.Error(err)
	}
}
