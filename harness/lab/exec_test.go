package lab_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/probes"
)

// A program of the user's reaches the lab by what it is given, and nothing outside of it.
func TestAProgramOfTheUsers(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed here")
	}
	l := up(t, topology())
	for script, want := range map[string]history.Outcome{
		`curl -fsS -o "$HOME/page" "$REGIONDRILL_PORTAL" && echo '{"region": "eu-west-1"}'`: history.Good,
		`curl -fsS -m 5 https://example.com/`:                                               history.Bad,
	} {
		probe := &probes.Exec{Command: []string{"sh", "-c", script}}
		if err := probe.Open(t.Context(), l.System.World); err != nil {
			t.Fatal(err)
		}
		a := &harness.Attempt{Due: time.Now(), From: l.System.Place("new-york"), Home: "eu-west-1", Person: l.System.People[0]}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := probe.Try(ctx, a); err != nil || a.Outcome != want {
			t.Errorf("%s: %s %s %s (%v)", script, a.Outcome, a.Class, a.Detail, err)
		}
		cancel()
		if err := probe.Close(); err != nil {
			t.Error(err)
		}
	}
}
