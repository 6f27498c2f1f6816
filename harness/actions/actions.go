// Package actions holds what an operator or an automation does in answer to a fault, one kind a file. An action is a
// small struct whose fields are its configuration and never change. It says what it acts on, does it, and gives back
// what takes it back.
package actions

import "github.com/regiondrill/regiondrill/harness"

// Table lists the kinds of actions. A new one is a file and a line here.
func Table() []harness.ActionKind {
	return []harness.ActionKind{
		{Name: "add_region",
			Doc: "an administrator replicates the instance to another Region, which is done when that is ACTIVE",
			Examples: []string{`{"region": "ap-southeast-2"}`, `{"region": "ap-southeast-2", "from": "new-york"}`,
				`{"region": "ap-southeast-2", "ask": "eu-west-1"}`, `{"region": "eu-west-3", "without_key": true}`},
			New: func() harness.Action { return &AddRegion{} }},
		{Name: "remove_region", Doc: "an administrator takes a Region out of the instance, which is done when that is gone",
			Examples: []string{`{"region": "eu-west-1"}`, `{"region": "eu-west-1", "ask": "eu-west-1", "from": "new-york"}`},
			New:      func() harness.Action { return &RemoveRegion{} }},
		{Name: "acs_swap",
			Doc:      "an operator registers another Region's ACS URL at the identity provider, in place of what is there",
			Examples: []string{`{"to": "eu-west-1"}`},
			New:      func() harness.Action { return &ACSSwap{} }},
		{Name: "revoke_sessions", Doc: "an administrator ends somebody's sessions of the access portal, in one Region",
			Examples: []string{`{"user": "user-001", "region": "eu-west-1"}`},
			New:      func() harness.Action { return &RevokeSessions{} }},
		{Name: "disable_user", Doc: "an administrator deactivates somebody at the identity provider",
			Examples: []string{`{"user": "user-001"}`},
			New:      func() harness.Action { return &DisableUser{} }},
		{Name: "deprovision", Doc: "the identity provider tells Identity Center by SCIM that somebody is no longer active",
			Examples: []string{`{"user": "user-001"}`},
			New:      func() harness.Action { return &Deprovision{} }},
		{Name: "key_enable", Doc: "an operator enables a Region's replica of the key, and cancels its deletion",
			Examples: []string{`{"region": "eu-west-1"}`},
			New:      func() harness.Action { return &KeyEnable{} }},
		{Name: "policy_restore", Doc: "an operator puts back the key policy that a Region's replica was made with",
			Examples: []string{`{"region": "eu-west-1"}`},
			New:      func() harness.Action { return &PolicyRestore{} }},
		{Name: "break_glass", Doc: "an administrator enters the account with an access key, past Identity Center",
			Examples: []string{`{"from": "new-york", "region": "eu-west-1"}`},
			New:      func() harness.Action { return &BreakGlass{} }},
		{Name: "acknowledge", Doc: "somebody sees the alarm, or decides what to do: an instant at which phases are cut",
			Examples: []string{`{"what": "detected", "fault": "virginia-dark"}`, `{"what": "decided"}`},
			New:      func() harness.Action { return &Acknowledge{What: "detected"} }},
	}
}
