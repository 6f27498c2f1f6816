// Package actions holds what an operator or an automation does in answer to a fault, one kind a file. An action is a
// small struct whose fields are its configuration and never change. It says what it acts on, does it, and gives back
// what takes it back.
package actions

import "github.com/regiondrill/regiondrill/harness"

// Table lists the kinds of actions. A new one is a file and a line here.
func Table() []harness.ActionKind {
	return []harness.ActionKind{
		{Name: "add_region",
			Doc:      "an administrator replicates the instance to another Region, which is done when that is ACTIVE",
			Examples: []string{`{"region": "ap-southeast-2"}`},
			New:      func() harness.Action { return &AddRegion{} }},
		{Name: "acs_swap",
			Doc:      "an operator registers another Region's ACS URL at the identity provider, in place of what is there",
			Examples: []string{`{"to": "eu-west-1"}`},
			New:      func() harness.Action { return &ACSSwap{} }},
	}
}
