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
			Examples: []string{`{"steer": {"by": "cli_profile", "to": "eu-west-1", "after": "2s"}}`,
				`{"credentials": "held", "use_in": "eu-west-1"}`},
			Variants: []string{`{"credentials": "held"}`},
			New:      NewRoleCredentials},
		{Name: "app_launch", Doc: "a person signs in through SAML and starts an application by its tile in the portal",
			Examples: []string{`{"application": "Wiki"}`,
				`{"application": "Wiki", "steer": {"by": "bookmark", "to": "eu-west-1", "after": "2s"}}`},
			Variants: []string{`{"application": "HOME"}`},
			New:      NewAppLaunch},
		{Name: "cli_login",
			Doc: "a person logs in at a command line, as by aws sso login, and gets credentials of their role",
			Examples: []string{`{"flow": "device_code", "steer": {"by": "cli_profile", "to": "eu-west-1", "after": "2s"}}`,
				`{"by": "aws", "flow": "device_code"}`,
				`{"profile": "edited_region", "steer": {"by": "cli_profile", "to": "eu-west-1", "after": "2s"}}`},
			New: NewCLILogin},
		{Name: "session_keep", Doc: "a person who has signed in comes back to a portal, or goes to another by a bookmark",
			Examples: []string{`{"steer": {"by": "bookmark", "to": "eu-west-1", "after": "2s"}}`},
			New:      NewSessionKeep},
		{Name: "kms_roundtrip", Doc: "something is encrypted by KMS under the Region's replica of the key, and decrypted",
			Examples: []string{`{"decrypt_in": "eu-west-1"}`, `{"user": "operator"}`},
			New:      NewKMSRoundTrip},
		{Name: "load", Doc: "a herd: people who all sign in again, up to thousands a second",
			Examples: []string{`{"steer": {"by": "bookmark", "to": "eu-west-1", "after": "2s"}}`},
			Apart:    true, New: NewLoad}, // what faults do to them they do to saml_login
		{Name: "console",
			Doc:      "a person signs in through SAML and goes on to the AWS console, whose sign-in all Regions share",
			Examples: []string{`{"steer": {"by": "bookmark", "to": "eu-west-1", "after": "2s"}}`},
			New:      NewConsole},
		{Name: "exec", Doc: "a person runs a program of yours, whose exit code says whether it was good",
			Examples: []string{`{"command": ["./break-glass.sh", "--read-only"], "env": {"DRY_RUN": "1"}}`,
				`{"command": ["terraform", "plan"], "directory": "infrastructure"}`},
			Apart: true, New: NewExec},
		{Name: "marker",
			Doc:   "an administrator puts users into a group and takes some out, and asks every Region who is in it",
			Apart: true, Primary: true, New: NewMarker},
		{Name: "browser_login", Doc: "a person signs in through SAML, in a real browser",
			Examples: []string{`{"steer": {"by": "bookmark", "to": "eu-west-1", "after": "2s"}}`},
			New:      func() harness.Probe { return browser.New() }},
	}
}
