// Package probes holds the ways in which people sign in, one kind a file. A probe makes one attempt when it is told
// to, obeys its context, and says what came of it; the engine owns the clock.
package probes

import (
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// Table lists the kinds of probes. A new one is a file and a line here.
func Table() []harness.ProbeKind {
	return []harness.ProbeKind{
		{Name: "saml_login", Doc: "a person signs in through SAML, by plain HTTP without a browser",
			Examples: []string{`{"steer": {"by": "bookmark", "to": "eu-west-1", "after": "2s"}}`, `{"connections": "kept"}`},
			Variants: []string{`{"connections": "kept"}`},
			New:      NewSAMLLogin},
		{Name: "role_credentials",
			Doc: "a person at a command line gets credentials of their role, by AWS's SDK, and signs in where they have " +
				"not yet",
			Examples: []string{`{"steer": {"by": "cli_profile", "to": "eu-west-1", "after": "2s"}}`},
			New:      NewRoleCredentials},
		{Name: "marker",
			Doc: "an administrator puts users into a group and takes some out, and asks every Region who is in it",
			New: NewMarker},
		{Name: "browser_login", Doc: "a person signs in through SAML, in a real browser",
			Examples: []string{`{"steer": {"by": "bookmark", "to": "eu-west-1", "after": "2s"}}`},
			New:      func() harness.Probe { return browser.New() }},
	}
}
