package targets

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/probes"
)

// program builds a static regiondrill for the containers, once for all tests.
var static = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "regiondrill-static-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "regiondrill")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "github.com/regiondrill/regiondrill/cmd/regiondrill")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
})

// needsDocker skips a test where there is no engine that can be used, and says why.
func needsDocker(tb testing.TB) docker {
	tb.Helper()
	d, err := connect(tb.Context())
	if err != nil {
		tb.Skip(err)
	}
	tb.Cleanup(func() { _ = d.Close() })
	path, err := static()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Setenv(binaryVariable, path)
	tb.Setenv("XDG_STATE_HOME", tb.TempDir()) // other tests' residue is none of ours
	return d
}

func topology() harness.Topology {
	t := harness.Topology{Seed: 7, Primary: "us-east-1", Additional: []string{"eu-west-1"},
		Directory: harness.Directory{Users: 40, Groups: 6, Accounts: 3, PermissionSets: 4},
		IdP:       harness.IdPSettings{Dialect: "okta", ACS: []string{"us-east-1", "eu-west-1"}, Bookmarks: []string{"eu-west-1"}},
		Vantages:  []harness.Vantage{{Name: "new-york"}}}
	t.Replication.Lag, t.Replication.Jitter = 100*time.Millisecond, 50*time.Millisecond
	return t
}

func provision(tb testing.TB, back *rollback.Stack) *harness.System {
	tb.Helper()
	tb.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	sys, err := newContainers().Provision(tb.Context(), topology(), back)
	if err != nil {
		tb.Fatal(err)
	}
	return sys
}

// signIn tells what became of one person's sign-in in a Region.
func signIn(tb testing.TB, sys *harness.System, region string, k int) *harness.Attempt {
	tb.Helper()
	p := probes.NewSAMLLogin()
	if err := p.Open(tb.Context(), sys); err != nil {
		tb.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Second)
	defer cancel()
	a := &harness.Attempt{Due: time.Now(), Home: region, From: sys.Place("new-york"), Person: sys.People[k%len(sys.People)]}
	if err := p.Try(ctx, a); err != nil {
		tb.Fatal(err)
	}
	return a
}

func worksIn(tb testing.TB, sys *harness.System, region string, k int) {
	tb.Helper()
	if a := signIn(tb, sys, region, k); a.Outcome != history.Good || a.Region != region {
		tb.Errorf("%s: %s in %q: %s %s", region, a.Outcome, a.Region, a.Class, a.Detail)
	}
}

func TestStress(t *testing.T) {
	needsDocker(t)
	sys := provision(t, &rollback.Stack{})
	for k := range 600 {
		worksIn(t, sys, "us-east-1", k)
	}
	_ = url.URL{}
}
