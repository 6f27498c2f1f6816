package lab_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/probes"
)

// An installed AWS CLI logs in as a probe, and what it complains of in a Region that refuses is told.
func TestTheInstalledCLILogsIn(t *testing.T) {
	l := up(t, topology())
	term := newTerminal(t, l, "2.")
	t.Setenv("PATH", filepath.Dir(term.program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	probe, ok := probes.NewCLILogin().(*probes.CLILogin)
	if !ok {
		t.Fatal("it is another kind")
	}
	probe.By, probe.Flow = "aws", "device_code"
	if err := probe.Open(t.Context(), l.System.World); err != nil {
		t.Fatal(err)
	}
	try := func() *harness.Attempt {
		a := &harness.Attempt{Due: time.Now(), From: l.System.Place("new-york"), Home: "eu-west-1", Person: l.System.People[0]}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := probe.Try(ctx, a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := try(); a.Outcome != history.Good || a.Region != "eu-west-1" {
		t.Errorf("%s %s %s", a.Outcome, a.Class, a.Detail)
	}
	rule := ireland("RegisterClient")
	rule.Calls.Service, rule.Effect.Answer = "oidc", harness.Answer{Odds: 1, Fail: true}
	laid, err := l.System.Network.Lay(t.Context(), rule)
	if err != nil {
		t.Fatal(err)
	}
	defer laid.Lift()
	if a := try(); a.Outcome != history.Bad || a.Class != history.ClassHTTP5xx {
		t.Errorf("%s %s %s", a.Outcome, a.Class, a.Detail)
	}
	if err := probe.Close(); err != nil {
		t.Error(err)
	}
}
