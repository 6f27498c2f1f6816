package lab_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/probes"
)

func topology() harness.Topology {
	t := harness.Topology{Seed: 7, Primary: "us-east-1", Additional: []string{"eu-west-1"},
		Directory: harness.Directory{Users: 40, Groups: 6, Accounts: 3, PermissionSets: 4},
		IdP:       harness.IdPSettings{Dialect: "okta", ACS: []string{"us-east-1", "eu-west-1"}, Bookmarks: []string{"eu-west-1"}},
		Vantages:  []harness.Vantage{{Name: "new-york"}}}
	t.Replication.Lag, t.Replication.Jitter = time.Second, 500*time.Millisecond
	return t
}

func TestSignIn(t *testing.T) {
	began := time.Now()
	l := lab.StartTest(t, topology())
	t.Logf("up after %v", time.Since(began))
	p := probes.NewSAMLLogin()
	if err := p.Open(t.Context(), l.System.World); err != nil {
		t.Fatal(err)
	}
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		a := &harness.Attempt{Due: time.Now(), Home: region, From: l.System.Place("new-york"), Person: l.System.People[3]}
		if err := p.Try(ctx, a); err != nil {
			t.Fatal(err)
		}
		if a.Outcome != history.Good || a.Region != region {
			t.Errorf("%s: %s in %q: %s %s", region, a.Outcome, a.Region, a.Class, a.Detail)
		}
		for _, s := range a.Steps {
			t.Logf("%-14s %-50s %-10s %v", s.Name, s.Host, s.Region, s.Ended.Sub(s.Began))
		}
	}
	t.Logf("two logins after %v", time.Since(began))
}

// TestTheWorldIsClosed: as a drill has it, a lab's door refuses what the lab lacks, whatever could answer for it.
func TestTheWorldIsClosed(t *testing.T) {
	l := lab.StartTest(t, topology())
	door, err := l.System.Door(l.System.Place("new-york"))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(door)}
	defer transport.CloseIdleConnections()
	transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
		if r.StatusCode != http.StatusForbidden || !strings.Contains(r.Header.Get("Proxy-Status"), "NXDOMAIN") {
			t.Errorf("the door answers %s, %v", r.Status, r.Header)
		}
		return nil
	}
	for _, host := range []string{"organizations.us-east-1.amazonaws.com", "kms.ap-south-1.amazonaws.com"} {
		answer, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Get("https://" + host + "/")
		if err == nil {
			_ = answer.Body.Close()
			t.Errorf("%s answers %s", host, answer.Status)
		}
	}
}
