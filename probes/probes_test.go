package probes

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/pages"
)

func somebody() *person {
	hosts := map[string]harness.Location{
		"portal.test": {Place: "us-east-1", Service: "portal"}, "signin.test": {Place: "us-east-1", Service: "signin"},
		"api.test": {Place: "us-east-1", Service: "portal_api"}, "idp.test": {Place: "idp", Service: "idp"},
	}
	world := &harness.World{Pages: pages.Lab(),
		Locate: func(host string) (harness.Location, bool) { loc, ok := hosts[host]; return loc, ok },
		Places: []*harness.Place{{Name: "us-east-1", Region: true}, {Name: "idp"}},
	}
	return &person{world: world, a: &harness.Attempt{Home: "eu-west-1", Steps: []harness.Step{{Name: history.StepPortal, Region: "us-east-1"}}}}
}

// TestKeptConnectionsAreShared shows that attempts that overlap share one transport, the first two included.
func TestKeptConnectionsAreShared(t *testing.T) {
	p := &SAMLLogin{Connections: "kept"}
	p.world = &harness.World{}
	got := make(chan *http.Transport)
	for range 8 {
		go func() {
			transport, done := p.transport(&harness.Place{})
			defer done()
			got <- transport
		}()
	}
	first := <-got
	for range 7 {
		if next := <-got; next != first {
			t.Error("an attempt has a transport of its own")
		}
	}
}

// TestBroken goes through what can become of a request that gets no answer. The address, with its query, is a secret.
func TestBroken(t *testing.T) {
	u := somebody()
	for _, c := range []struct {
		host   string
		err    error
		class  history.Class
		detail string
	}{
		{"portal.test", syscall.ECONNREFUSED, history.ClassRefused, "the portal of us-east-1 refused the connection"},
		{"portal.test", syscall.ECONNRESET, history.ClassReset, "the portal of us-east-1 reset the connection"},
		{"portal.test", io.ErrUnexpectedEOF, history.ClassReset, "the portal of us-east-1 reset the connection"},
		{"portal.test", context.DeadlineExceeded, history.ClassTimeout, "the portal of us-east-1 did not answer in time"},
		{"portal.test", os.ErrDeadlineExceeded, history.ClassTimeout, "the portal of us-east-1 did not answer in time"},
		{"portal.test", x509.UnknownAuthorityError{}, history.ClassTLS, "the portal of us-east-1 has a certificate that can't be trusted"},
		{"portal.test", &net.DNSError{Err: "no such host", IsNotFound: true}, history.ClassDNS, "the portal of us-east-1 is not known by name"},
		{"signin.test", errors.New("something else"), history.ClassReset, "the sign-in service of us-east-1 broke the connection"},
		{"idp.test", syscall.ECONNREFUSED, history.ClassIdPUnavailable, "the identity provider refused the connection"},
		{"idp.test", context.DeadlineExceeded, history.ClassIdPUnavailable, "the identity provider did not answer in time"},
		{"elsewhere.test", syscall.ECONNREFUSED, history.ClassRefused, "elsewhere.test refused the connection"},
	} {
		at := &url.URL{Scheme: "https", Host: c.host, Path: "/", RawQuery: "code=secret"}
		wrapped := &url.Error{Op: "Get", URL: at.String(), Err: fmt.Errorf("dialing: %w", c.err)}
		if f := u.broken(at, wrapped); f.class != c.class || f.detail != c.detail {
			t.Errorf("%s, %v: %s, %q; want %s, %q", c.host, c.err, f.class, f.detail, c.class, c.detail)
		}
	}
}

// TestRefused goes through answers that are errors.
func TestRefused(t *testing.T) {
	u := somebody()
	for _, c := range []struct {
		host   string
		status int
		token  string
		class  history.Class
		detail string
	}{
		{"idp.test", 400, "acs_refused", history.ClassIdPACSRefused, "the identity provider refused the ACS URL of us-east-1"},
		{"idp.test", 503, "", history.ClassIdPUnavailable, "the identity provider answered 503"},
		{"idp.test", 400, "bad_request", history.ClassHTTP4xx, "the identity provider answered 400"},
		{"signin.test", 400, "saml_replay", history.ClassACSRejected, "the sign-in service of us-east-1 rejected the sign-in (saml_replay)"},
		{"signin.test", 503, "", history.ClassHTTP5xx, "the sign-in service of us-east-1 answered 503"},
		{"portal.test", 403, "kms", history.ClassPortalError, "the portal of us-east-1 showed an error (kms)"},
		{"portal.test", 429, "", history.ClassThrottled, "the portal of us-east-1 answered that there are too many requests"},
		{"portal.test", 200, "odd", history.ClassPortalError, "the portal of us-east-1 showed an error (odd)"},
		{"api.test", 403, "", history.ClassPortalError, "the portal's API of us-east-1 answered 403"},
		{"api.test", 503, "", history.ClassHTTP5xx, "the portal's API of us-east-1 answered 503"},
		{"elsewhere.test", 404, "", history.ClassHTTP4xx, "elsewhere.test answered 404"},
	} {
		f := u.refused(&url.URL{Host: c.host}, c.status, &page{error: c.token})
		if f.class != c.class || f.detail != c.detail {
			t.Errorf("%s %d %q: %s, %q; want %s, %q", c.host, c.status, c.token, f.class, f.detail, c.class, c.detail)
		}
	}
}

func TestParsePage(t *testing.T) {
	lab := pages.Lab()
	p := parsePage([]byte(`<!doctype html><meta name="region" content="eu-west-1"><p id=error data-error="kms">No</p>
		<form id="search" method="get" action="/s"><input name="q"></form>
		<form id="sign-in" method="POST" action="/login?x=1"><input name="username"><input type=hidden name="state" value="a&amp;b"/></form>
		<a class="bookmark" data-region="eu-west-1" href="https://portal.test/">Ireland</a><input name="stray" value="x">`), &lab)
	if p.meta["region"] != "eu-west-1" || p.error != "kms" || len(p.bookmarks) != 1 || p.bookmarks[0] != (bookmark{"eu-west-1", "https://portal.test/"}) {
		t.Errorf("page %+v", p)
	}
	if p.form == nil || !p.form.signIn || p.form.action.String() != "/login?x=1" || p.form.values.Get("state") != "a&b" || p.form.values.Has("stray") {
		t.Errorf("form %+v", p.form)
	}
}

func FuzzParsePage(f *testing.F) {
	f.Add([]byte(`<form method=post action="%zz"><input name=a value=b></form><meta name=x content=y><a class=bookmark href=//>`))
	f.Add([]byte("<form method=post action=/><form method=post action=/b></form><input name=x>"))
	lab := pages.Lab()
	f.Fuzz(func(t *testing.T, body []byte) {
		if p := parsePage(body, &lab); p.form != nil && p.form.action == nil {
			t.Error("a form without an action")
		}
	})
}

func TestSteerProblems(t *testing.T) {
	top := harness.Topology{Primary: "us-east-1", Additional: []string{"eu-west-1"}}
	for want, steer := range map[string]harness.BookmarkSteer{
		"":                    {By: "bookmark", To: "eu-west-1"},
		"say nothing without": {By: "none", To: "eu-west-1"},
		"to which Region":     {By: "bookmark"},
		"eu-west-2":           {By: "bookmark", To: "eu-west-2"},
	} {
		people := &SAMLLogin{outset: atPortal(steer)}
		problems := people.Problems(top)
		if (len(problems) == 0) != (want == "") || (want != "" && !strings.Contains(problems[0].Sentence+problems[0].Unknown, want)) {
			t.Errorf("%+v: %v", steer, problems)
		}
	}
}
