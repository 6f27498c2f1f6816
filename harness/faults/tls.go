package faults

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The modes of a fault of TLS.
const (
	modeExpired   = "expired"
	modeWrongName = "wrong_name"
	modeStall     = "stall"
)

// tlsCases are its contract: nobody who checks certificates gets in, or past the handshake.
var tlsCases = []harness.Case{
	{Settings: `{"mode": "expired"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTLS)}},
	{Settings: `{"mode": "wrong_name"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTLS)}},
	{Settings: `{"mode": "stall"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}},
}

// TLS breaks the TLS of a place's names, as a certificate that nobody renewed does. Standing connections to them are
// reset, so that everybody shakes hands anew.
type TLS struct {
	network
	Mode string `yaml:"mode" enum:"expired,wrong_name,stall" doc:"expired: the certificate expired yesterday; wrong_name: it is another host's; stall: the handshake never ends"`
}

// Aim takes the names of a place as others come to them. Where those are all that a Region has, it carries nobody.
func (f *TLS) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Names(w, s)
	what := map[string]string{modeExpired: "expired certificate", modeWrongName: "another host's certificate",
		modeStall: "TLS that stalls"}[f.Mode]
	if a.Summary = what + " of " + a.Summary; aim.Isolates(w) {
		a.Unreachable = []string{w.Region}
	}
	return a, problems
}

// Inject lays the rule.
func (f *TLS) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, harness.Effect{Certificate: f.certificate, Cut: true, Shows: f.shows}, back)
}

// certificate is what is shown to a client that says hello.
func (f *TLS) certificate(ctx context.Context, host string, issue harness.Issue) (*tls.Certificate, error) {
	const day = 24 * time.Hour
	now := time.Now()
	switch f.Mode {
	case modeStall:
		<-ctx.Done()
		return nil, ctx.Err()
	case modeWrongName:
		return issue("another.host.invalid", now.Add(-day), now.Add(day))
	}
	return issue(host, now.Add(-90*day), now.Add(-day))
}

// shows holds what a canary met against what the mode makes of a handshake.
func (f *TLS) shows(met harness.Met) error {
	if f.met(met.Err) {
		return nil
	}
	return errors.Join(errors.New("a handshake went otherwise"), met.Err)
}

func (f *TLS) met(err error) bool {
	switch f.Mode {
	case modeStall:
		return errors.Is(err, context.DeadlineExceeded)
	case modeWrongName:
		_, misnamed := errors.AsType[x509.HostnameError](err)
		return misnamed
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok && invalid.Reason == x509.Expired
}
