package lab_test

import (
	"context"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/probes"
)

// What people of either Region meet, by how the provider is set up ("got in", or the class of their failure).
func TestSignInByWhatTheProviderIsLike(t *testing.T) {
	const in = "got in"
	refused, rejected := string(history.ClassIdPACSRefused), string(history.ClassACSRejected)
	for name, c := range map[string]struct {
		change            func(*harness.IdPSettings)
		virginia, ireland string
	}{
		"Entra ID":                     {func(s *harness.IdPSettings) { s.Dialect = "entra" }, in, in},
		"one-time codes":               {func(s *harness.IdPSettings) { s.MFA = "totp" }, in, in},
		"one-time codes at Entra ID":   {func(s *harness.IdPSettings) { s.Dialect, s.MFA = "entra", "totp" }, in, in},
		"always anew":                  {func(s *harness.IdPSettings) { s.Reauthenticate = true }, in, in},
		"always the default ACS":       {func(s *harness.IdPSettings) { s.AlwaysDefaultACS = true }, in, rejected},
		"the forms that are asked for": {func(s *harness.IdPSettings) { s.ACS = []string{"us-east-1/ipv4", "eu-west-1/ipv4"} }, in, in},
		"dual-stack only in one":       {func(s *harness.IdPSettings) { s.ACS = []string{"us-east-1", "eu-west-1/dual_stack"} }, in, refused},
		"legacy only":                  {func(s *harness.IdPSettings) { s.ACS = []string{"us-east-1/legacy", "eu-west-1"} }, refused, in},
	} {
		t.Run(name, func(t *testing.T) {
			top := topology()
			c.change(&top.IdP)
			l := lab.StartTest(t, top)
			for region, want := range map[string]string{"us-east-1": c.virginia, "eu-west-1": c.ireland} {
				if a := signInAs(t, l, probes.NewSAMLLogin(), region, l.System.People[3]); whatBecame(a) != want {
					t.Errorf("%s: %s, want %s: %s", region, whatBecame(a), want, a.Detail)
				}
			}
		})
	}
}

func whatBecame(a *harness.Attempt) string {
	if a.Outcome == history.Good {
		return "got in"
	}
	return string(a.Class)
}

func signInAs(t *testing.T, l *lab.Lab, p harness.Probe, region string, person harness.Person) *harness.Attempt {
	t.Helper()
	if err := p.Open(t.Context(), l.System.World); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	a := &harness.Attempt{Due: time.Now(), Home: region, From: l.System.Place("new-york"), Person: person}
	if err := p.Try(ctx, a); err != nil {
		t.Fatal(err)
	}
	return a
}

// Whoever lost their authenticator, or has another's, is refused as with a wrong password.
func TestOneTimeCodesThatAreWrong(t *testing.T) {
	top := topology()
	top.IdP.MFA = "totp"
	l := lab.StartTest(t, top)
	lost, other := l.System.People[1], l.System.People[2]
	lost.Secret, other.Secret = "", l.System.People[3].Secret
	for _, person := range []harness.Person{lost, other} {
		if a := signInAs(t, l, probes.NewSAMLLogin(), "us-east-1", person); a.Class != history.ClassIdPLoginRefused {
			t.Errorf("%s %s: %s", a.Outcome, a.Class, a.Detail)
		}
	}
}
