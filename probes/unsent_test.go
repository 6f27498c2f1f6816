package probes

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// nobodyAnswers until the person's patience ends.
type nobodyAnswers struct{}

func (nobodyAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestWhatAnSDKNeverSent is our mistake, so that nobody knows what would have come: it is no failure of the place that
// was asked before, and nobody goes elsewhere because of it. A person's own patience is theirs.
func TestWhatAnSDKNeverSent(t *testing.T) {
	gone, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		region  string
		outcome history.Outcome
		class   history.Class
	}{
		"what it is to say is wrong": {t.Context(), "", history.Unknown, history.ClassHarness},
		"nobody waits any more":      {gone, "us-east-1", history.Bad, history.ClassTimeout},
	} {
		u := somebody()
		u.a.Due = time.Now()
		u.last = &url.URL{Scheme: "https", Host: "portal.test"}
		u.client = &http.Client{Transport: nobodyAnswers{}}
		elsewhere := false
		u.steer(c.ctx, harness.Steer{By: harness.ByCLIProfile, To: "us-east-1", After: time.Second},
			func(ctx context.Context) *failure {
				_, failed, _ := u.roleCredentials(ctx, c.region, "token", "role")
				return failed
			},
			func(context.Context) *failure {
				elsewhere = true
				return nil
			})
		if u.a.Outcome != c.outcome || u.a.Class != c.class || elsewhere {
			t.Errorf("%s: %s %s: %s; elsewhere: %t", name, u.a.Outcome, u.a.Class, u.a.Detail, elsewhere)
		}
	}
	if f := unsent(context.DeadlineExceeded); f.class != history.ClassTimeout {
		t.Errorf("a wait that ended before anything was sent is %s", f.class)
	}
}
