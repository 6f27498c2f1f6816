package lab_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/probes"
)

// TestAStaleGrant: while identities are held up on their way to Ireland, who was deactivated in the primary still gets in
// there, and no longer once the last hold is released. What else is replicated comes through.
func TestAStaleGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := up(t, topology())
		leaver := l.System.People[3]
		gets := func(region string, want history.Outcome, class history.Class) {
			t.Helper()
			p := probes.NewSAMLLogin()
			if err := p.Open(t.Context(), l.System.World); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			a := &harness.Attempt{Due: time.Now(), Home: region, From: l.System.Place("new-york"), Person: leaver}
			if err := p.Try(ctx, a); err != nil || a.Outcome != want || a.Class != class {
				t.Errorf("%s: %s %s %s, %v", region, a.Outcome, a.Class, a.Detail, err)
			}
		}
		edge := harness.Edge{From: "us-east-1", To: "eu-west-1"}
		pause := harness.Hold{Name: "pause", Edge: edge, Stream: "identities", Pause: true}
		lag := harness.Hold{Name: "lag", Edge: edge, Lag: 20 * time.Second}
		for _, hold := range []harness.Hold{pause, lag} {
			if err := l.System.Streams.Hold(t.Context(), hold); err != nil {
				t.Fatal(err)
			}
		}
		holds := func(want map[string]bool) {
			t.Helper()
			synctest.Wait()
			for _, hold := range []harness.Hold{pause, lag} {
				if got, err := l.System.Streams.Held(t.Context(), hold); err != nil || got != want[hold.Name] {
					t.Errorf("%s holds: %t, %v", hold.Name, got, err)
				}
			}
		}
		holds(map[string]bool{"pause": true, "lag": true})
		deactivate(t, l.Instance.SCIMURL(), leaver.UserName, func(method, url, body string) string {
			status, said := asked(t, l, names.IdPPlace, method, url, l.SCIMToken(), body)
			if status != http.StatusOK {
				t.Fatalf("SCIM answers %d: %s", status, said)
			}
			return said
		})
		time.Sleep(time.Minute)
		gets("us-east-1", history.Bad, history.ClassACSRejected)
		gets("eu-west-1", history.Good, "")
		if err := l.System.Streams.Release(t.Context(), pause); err != nil {
			t.Fatal(err)
		}
		holds(map[string]bool{"lag": true})
		time.Sleep(5 * time.Second)
		gets("eu-west-1", history.Bad, history.ClassACSRejected)
		for range 2 {
			if err := l.System.Streams.Release(t.Context(), lag); err != nil {
				t.Fatal(err)
			}
		}
		holds(nil)
		lag.Edge.To = "ap-south-1"
		if err := l.System.Streams.Hold(t.Context(), lag); err == nil {
			t.Error("what is sent nowhere is held up")
		}
	})
}

// deactivate is what a provider does of which somebody is no longer.
func deactivate(t *testing.T, scim, userName string, do func(method, url, body string) string) {
	t.Helper()
	found := do(http.MethodGet, scim+"/Users?filter="+url.QueryEscape(`userName eq "`+userName+`"`), "")
	_, after, ok := strings.Cut(found, `"id":"`)
	id, _, _ := strings.Cut(after, `"`)
	if !ok {
		t.Fatalf("%s is not found: %s", userName, found)
	}
	do(http.MethodPatch, scim+"/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations":[{"op":"replace","path":"active","value":false}]}`)
}
