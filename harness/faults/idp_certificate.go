package faults

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// idpCertificateCases are its contract: nobody signs in, and who has a session goes on.
var idpCertificateCases = []harness.Case{
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "rotated"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "old_key"}`, Breaks: refusedAnywhere},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "expired"}`, Breaks: refusedAnywhere},
	{Settings: `{"mode": "rotated"}`, Breaks: refusedHere},
}

// IdPCertificate lets the identity provider sign with a key whose certificate Identity Center doesn't have, as after a
// rotation of which nobody has told it, or has and doesn't trust any more. Its refusal names no reason that a person
// could act on.
type IdPCertificate struct {
	flawed
	Mode string `yaml:"mode" enum:"rotated,old_key,expired" doc:"rotated: a new key, whose certificate is in the provider's metadata and was not imported; old_key: a key of years ago, while the metadata shows the one that was imported; expired: a key whose certificate was imported and has expired since, which AWS doesn't document and system.behaviour.expired_certificate decides"`
}

// Aim takes what the provider sends.
func (f *IdPCertificate) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Provider(w, s)
	what := "a new certificate of "
	switch f.Mode {
	case modeOldKey:
		what = "an old key of "
	case modeExpired:
		what = "an expired certificate of "
		if s.Behaviour.ExpiredCertificate == "accept" {
			problems = append(problems, harness.Problem{Key: "mode",
				Sentence: "it changes nothing: system.behaviour.expired_certificate is accept"})
		}
	}
	a.Summary = what + a.Summary + toward(a)
	return a, problems
}

// The modes of a fault of the certificate.
const (
	modeRotated = "rotated"
	modeOldKey  = "old_key"
)

// Inject lets the provider sign with another key.
func (f *IdPCertificate) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return getWrong(ctx, h, a, back, harness.Flaw{Key: f.Mode}, judged(h.Flaws, a, "saml_signature", false))
}
