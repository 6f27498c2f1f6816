package browser_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// inLab is a probe in the lab of the flagship, without distances, whose identity provider knows the ACS of some
// Regions.
func inLab(t *testing.T, steer harness.BookmarkSteer, acs ...string) (*harness.System, *browser.Login) {
	t.Helper()
	return inLabOf(t, steer, harness.IdPSettings{Dialect: "okta", ACS: acs, Bookmarks: []string{"eu-west-1"}})
}

func inLabOf(t *testing.T, steer harness.BookmarkSteer, idp harness.IdPSettings) (*harness.System, *browser.Login) {
	t.Helper()
	if _, err := browser.Find(os.Getenv); err != nil {
		t.Skip(err)
	}
	back := &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			t.Error(err)
		}
	})
	l, err := lab.Start(t.Context(), harness.Topology{Seed: 7, Primary: "us-east-1", Additional: []string{"eu-west-1"},
		Directory: harness.Directory{Users: 4, Groups: 2, Accounts: 3, PermissionSets: 4},
		IdP:       idp,
		Vantages:  []harness.Vantage{{Name: "new-york"}}}, back)
	if err != nil {
		t.Fatal(err)
	}
	probe := browser.New()
	probe.Steer = steer
	if err := probe.Open(t.Context(), l.System.World); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := probe.Close(); err != nil {
			t.Error(err)
		}
	})
	return l.System, probe
}

// tried is an attempt of the lab's person k, made.
func tried(t *testing.T, sys *harness.System, probe *browser.Login, home string, k int, limit time.Duration) *harness.Attempt {
	t.Helper()
	a := &harness.Attempt{Probe: "staff-in-chrome", Seq: int64(k), Due: time.Now(), Home: home, From: sys.Place("new-york"), Person: sys.People[k]}
	ctx, cancel := context.WithDeadline(t.Context(), a.Due.Add(limit))
	defer cancel()
	if err := probe.Try(ctx, a); err != nil {
		t.Fatal(err)
	}
	return a
}

// effects are what an outage does to the link, by mode.
var effects = map[string]harness.Effect{
	"blackhole": {Traffic: harness.Traffic{Hole: true}},
	"refuse":    {Traffic: harness.Traffic{Refuse: true}, Cut: true},
	"reset":     {Traffic: harness.Traffic{Reset: true}, Cut: true},
	"http_503":  {Answer: harness.Answer{Fail: true, Status: 503}},
}

// lay puts a fault between New York and Virginia, which the function that is returned takes back.
func lay(t *testing.T, sys *harness.System, mode string) (lift func()) {
	t.Helper()
	edges := []harness.Edge{{From: "new-york", To: "us-east-1"}}
	if mode != "http_503" {
		edges = append(edges, harness.Edge{From: "us-east-1", To: "new-york"})
	}
	laid, err := sys.Network.Lay(t.Context(), harness.Rule{Name: "virginia-dark", Effect: effects[mode], Edges: edges})
	if err != nil {
		t.Fatal(err)
	}
	return laid.Lift
}

func TestSignInInTheLab(t *testing.T) {
	t.Parallel()
	sys, probe := inLab(t, harness.BookmarkSteer{}, "us-east-1", "eu-west-1")
	for k, home := range []string{"us-east-1", "eu-west-1"} {
		a := tried(t, sys, probe, home, k, 10*time.Second)
		if a.Outcome != history.Good || a.Region != home {
			t.Errorf("%s in %q, %s: %s", a.Outcome, a.Region, a.Class, a.Detail)
		}
	}
	for mode, want := range map[string]history.Class{"refuse": history.ClassRefused, "reset": history.ClassReset,
		"http_503": history.ClassHTTP5xx, "blackhole": history.ClassTimeout} {
		lift := lay(t, sys, mode)
		limit := 10 * time.Second
		if mode == "blackhole" {
			limit = time.Second
		}
		if a := tried(t, sys, probe, "us-east-1", 0, limit); a.Outcome != history.Bad || a.Class != want {
			t.Errorf("%s: %s in %q, %s: %s", mode, a.Outcome, a.Region, a.Class, a.Detail)
		}
		lift()
	}
	if a := tried(t, sys, probe, "us-east-1", 0, 10*time.Second); a.Outcome != history.Good {
		t.Errorf("healed: %s, %s: %s", a.Outcome, a.Class, a.Detail)
	}
}

func TestBookmarkInTheLab(t *testing.T) {
	t.Parallel()
	sys, probe := inLab(t, harness.BookmarkSteer{By: "bookmark", To: "eu-west-1", After: 500 * time.Millisecond}, "us-east-1", "eu-west-1")
	for _, mode := range []string{"blackhole", "refuse", "reset", "http_503"} {
		lift := lay(t, sys, mode)
		if a := tried(t, sys, probe, "us-east-1", 1, 10*time.Second); a.Outcome != history.Good || a.Region != "eu-west-1" {
			t.Errorf("%s: %s in %q, %s: %s", mode, a.Outcome, a.Region, a.Class, a.Detail)
		}
		lift()
	}
}

func TestACSOfAnotherRegionThatIsNotRegistered(t *testing.T) {
	t.Parallel()
	sys, probe := inLab(t, harness.BookmarkSteer{By: "bookmark", To: "eu-west-1", After: 500 * time.Millisecond}, "us-east-1")
	defer lay(t, sys, "refuse")()
	a := tried(t, sys, probe, "us-east-1", 1, 10*time.Second)
	if a.Class != history.ClassIdPACSRefused || a.Detail != "the identity provider refused the ACS URL of eu-west-1" ||
		a.Refused != sys.ACS("eu-west-1") {
		t.Errorf("%s in %q, %s: %s", a.Outcome, a.Region, a.Class, a.Detail)
	}
}

func TestWrongPasswordInTheLab(t *testing.T) {
	t.Parallel()
	sys, probe := inLab(t, harness.BookmarkSteer{}, "us-east-1")
	sys.People[2].Password = "not theirs"
	if a := tried(t, sys, probe, "us-east-1", 2, 10*time.Second); a.Class != history.ClassIdPLoginRefused {
		t.Errorf("%s in %q, %s: %s", a.Outcome, a.Region, a.Class, a.Detail)
	}
}

// The second factor is asked for once a window, at each product; who has none, or another's, is refused.
func TestOneTimeCodesInTheLab(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"okta", "entra"} {
		sys, probe := inLabOf(t, harness.BookmarkSteer{By: "none"},
			harness.IdPSettings{Dialect: dialect, ACS: []string{"us-east-1", "eu-west-1"}, Bookmarks: []string{"eu-west-1"}, MFA: "totp"})
		for k, home := range []string{"us-east-1", "eu-west-1"} {
			if a := tried(t, sys, probe, home, k, 10*time.Second); a.Outcome != history.Good || a.Region != home {
				t.Errorf("%s: %s in %q, %s: %s", dialect, a.Outcome, a.Region, a.Class, a.Detail)
			}
		}
		lift := lay(t, sys, "refuse")
		probe.Steer = harness.BookmarkSteer{By: "bookmark", To: "eu-west-1", After: 500 * time.Millisecond}
		if a := tried(t, sys, probe, "us-east-1", 0, 10*time.Second); a.Outcome != history.Good || a.Region != "eu-west-1" {
			t.Errorf("%s by the bookmark: %s in %q, %s: %s", dialect, a.Outcome, a.Region, a.Class, a.Detail)
		}
		lift()
		probe.Steer = harness.BookmarkSteer{By: "none"}
		sys.People[2].Secret, sys.People[3].Secret = "", sys.People[1].Secret
		for _, k := range []int{2, 3} {
			if a := tried(t, sys, probe, "us-east-1", k, 10*time.Second); a.Class != history.ClassIdPLoginRefused {
				t.Errorf("%s without the factor: %s in %q, %s: %s", dialect, a.Outcome, a.Region, a.Class, a.Detail)
			}
		}
	}
}
