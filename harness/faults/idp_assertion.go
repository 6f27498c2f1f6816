package faults

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// idpAssertionCases are its contract: nobody signs in, in every Region or in one.
var idpAssertionCases = []harness.Case{
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "expired"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "wrong_audience"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "wrong_recipient"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "two_assertions"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "encrypted"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "oversize"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "name_id_mismatch"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "replay"}`, Breaks: refusedAnywhere},
	{Settings: `{"mode": "wrong_recipient"}`, Breaks: refusedHere},
}

// IdPAssertion lets the identity provider write assertions that Identity Center refuses, in every Region or, with one,
// in that: as where each Region's ACS is an application of its own at the provider, and one of them is set up wrong.
type IdPAssertion struct {
	flawed
	Mode string `yaml:"mode" enum:"expired,wrong_audience,wrong_recipient,two_assertions,encrypted,oversize,name_id_mismatch,replay" doc:"expired: it was written a day ago; wrong_audience: it is for another instance; wrong_recipient: it is for another ACS; two_assertions: there are two in the response; encrypted: it can't be read; oversize: it is longer than 50,000 characters; name_id_mismatch: it names its person otherwise than the directory does; replay: it is the one that the person had the last time, if they had any"`
}

// Aim takes what the provider sends.
func (f *IdPAssertion) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Provider(w, s)
	what := map[string]string{"expired": "expired assertions", "wrong_audience": "assertions for another audience",
		"wrong_recipient": "assertions for another recipient", "two_assertions": "two assertions in a response",
		"encrypted": "encrypted assertions", "oversize": "assertions that are too long",
		"name_id_mismatch": "assertions by another name", modeReplay: "assertions once more"}[f.Mode]
	a.Summary = what + " from " + a.Summary + toward(a)
	return a, problems
}

// The modes that need a word of their own.
const (
	modeReplay         = "replay"
	modeNameIDMismatch = "name_id_mismatch"
)

// refusedAs is why Identity Center refuses such an assertion: the token on its page.
func (f *IdPAssertion) refusedAs() string {
	return map[string]string{"expired": "saml_expired", "wrong_audience": "saml_audience",
		"wrong_recipient": "saml_recipient", "two_assertions": "saml_shape", "encrypted": "saml_shape",
		"oversize": "saml_too_large", modeNameIDMismatch: "user_unknown", modeReplay: "saml_replay"}[f.Mode]
}

// Inject lets the provider get it wrong.
func (f *IdPAssertion) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return getWrong(ctx, h, a, back, harness.Flaw{Assertion: f.Mode},
		judged(h.Flaws, a, f.refusedAs(), f.Mode == modeNameIDMismatch))
}
