package lab_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/faults"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/probes"
)

// TestFlagshipByHand signs in over the flagship's links in virtual time and holds every round trip against what was
// worked out on paper: 168 ms at home (11 round trips to the Region, 4 to the identity provider), and under a
// blackhole 2 s of patience and 936 ms by the bookmark (11 and 5).
func TestFlagshipByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		top := topology()
		top.Vantages = []harness.Vantage{{Name: "new-york", RTT: map[string]time.Duration{
			"us-east-1": 8 * time.Millisecond, "eu-west-1": 76 * time.Millisecond, "idp": 20 * time.Millisecond}}}
		back := &rollback.Stack{}
		l, err := lab.Start(t.Context(), top, back)
		if err != nil {
			t.Fatal(err)
		}
		p := probes.NewSAMLLogin().(*probes.SAMLLogin)
		p.Steer = harness.BookmarkSteer{By: "bookmark", To: "eu-west-1", After: 2 * time.Second}
		if err := p.Open(t.Context(), l.System.World); err != nil {
			t.Fatal(err)
		}
		attempt := func(region string, want time.Duration) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			a := &harness.Attempt{Due: time.Now(), Home: "us-east-1", From: l.System.Place("new-york"), Person: l.System.People[0]}
			if err := p.Try(ctx, a); err != nil || a.Outcome != history.Good || a.Region != region {
				t.Fatalf("%s in %q: %s %s, %v", a.Outcome, a.Region, a.Class, a.Detail, err)
			}
			if took := time.Since(a.Due); took != want {
				for _, s := range a.Steps {
					t.Logf("%-14s %-45s %v", s.Name, s.Host, s.Ended.Sub(s.Began))
				}
				t.Errorf("in through %s after %v, want %v", region, took, want)
			}
		}
		attempt("us-east-1", 168*time.Millisecond)
		fault := faults.Table()[0].New()
		a, problems := fault.Aim(harness.Where{Region: "us-east-1"}, harness.Scope{Topology: l.Topology})
		injected, err := fault.Inject(t.Context(), &l.System.Handles, a, back)
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		attempt("eu-west-1", 2936*time.Millisecond)
		if err := injected.Undo(t.Context()); err != nil {
			t.Fatal(err)
		}
		attempt("us-east-1", 168*time.Millisecond)
		if err := back.Unwind(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
