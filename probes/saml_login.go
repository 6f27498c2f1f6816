package probes

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// SAMLLogin signs in as a person does, but by plain HTTP: portal, sign-in, identity provider, ACS, portal, and then the
// account list, in which the person's account must be. A 200 alone is no success. It costs a fiftieth of a browser.
type SAMLLogin struct {
	outset[harness.BookmarkSteer] `yaml:",inline"`
	Connections                   string `yaml:"connections" enum:"fresh,kept" doc:"fresh: every attempt connects anew, as a new user does; kept: attempts share connections, never cookies"`

	mu   sync.Mutex // attempts overlap
	kept *http.Transport
}

// NewSAMLLogin has fresh connections and people who start at the portal and don't steer.
func NewSAMLLogin() harness.Probe {
	return &SAMLLogin{outset: atPortal(harness.BookmarkSteer{By: harness.ByNone}), Connections: "fresh"}
}

// Journey of its people: they sign in.
func (p *SAMLLogin) Journey() history.Journey { return history.SignIn }

// Close ends the connections that were kept.
func (p *SAMLLogin) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept != nil {
		p.kept.CloseIdleConnections()
	}
	return nil
}

// Try signs in once. The person tries home; where they steer and aren't in after a while, they go to the other Region
// by its bookmark, in the same session.
func (p *SAMLLogin) Try(ctx context.Context, a *harness.Attempt) error {
	person, done, err := p.person(a)
	if err != nil {
		return err
	}
	defer done()
	person.steer(ctx, p.Steering(), func(ctx context.Context) *failure { return person.signIn(ctx, p.begins(a)) },
		func(ctx context.Context) *failure { return person.byBookmark(ctx, p.Steer.To) })
	return nil
}

// steer lets the person try home. Where they steer and aren't served after a while, they give home up and go elsewhere.
func (u *person) steer(ctx context.Context, s harness.Steer, home, elsewhere func(context.Context) *failure) {
	if s.By == harness.ByNone || s.By == "" {
		u.conclude(ctx, home(ctx))
		return
	}
	giveUp := u.a.Due.Add(s.After)
	atHome, cancel := context.WithDeadline(ctx, giveUp)
	failed := home(atHome)
	cancel()
	if failed != nil && failed.class != history.ClassHarness && ctx.Err() == nil {
		u.leaveHome()
		u.wait(ctx, giveUp)
		failed = elsewhere(ctx)
	}
	u.conclude(ctx, failed)
}

// person has a session of their own: cookies that no other attempt sees.
func (p *SAMLLogin) person(a *harness.Attempt) (*person, func(), error) {
	transport, done := p.transport(a.From)
	u, err := newPerson(p.world, a, transport)
	if err != nil {
		done()
	}
	return u, done, err
}

// newPerson has no cookies yet, and follows no redirect by itself.
func newPerson(world *harness.World, a *harness.Attempt, transport *http.Transport) (*person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &person{world: world, a: a, began: time.Now(), client: &http.Client{
		Transport: transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// keptConnections is how many to a host are kept of those who share them: a herd that has waited comes back all at
// once, and with fewer most of it would connect anew.
const keptConnections = 1024

func (p *SAMLLogin) transport(from *harness.Place) (*http.Transport, func()) {
	if p.Connections != "kept" {
		t := newTransport(p.world, from)
		return t, t.CloseIdleConnections
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = newTransport(p.world, from)
		p.kept.MaxIdleConnsPerHost = keptConnections
	}
	return p.kept, func() {}
}

// newTransport dials through the fabric from a place. Resumption is off: a new user has no ticket. HTTP/1.1 costs a
// tenth less than HTTP/2 where a connection carries so few requests; browsers speak HTTP/2. P-256, which every server
// of TLS 1.3 must know (RFC 8446, 9.1), costs a quarter less than X25519 in Go.
func newTransport(world *harness.World, from *harness.Place) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return world.Dial(ctx, from, addr) },
		TLSClientConfig: &tls.Config{RootCAs: world.Roots, CurvePreferences: []tls.CurveID{tls.CurveP256},
			NextProtos: []string{"http/1.1"}},
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxIdleConnsPerHost: 64,
		DisableCompression:  true,
	}
}

// newClient speaks HTTPS from a place, with connections of its own, which done ends.
func newClient(world *harness.World, from *harness.Place) (client *http.Client, done func()) {
	transport := newTransport(world, from)
	return &http.Client{Transport: transport}, transport.CloseIdleConnections
}

// leaveHome folds all that was tried at home into one step: from its begin to when it failed or was given up.
func (u *person) leaveHome() {
	home := harness.Step{Name: history.StepHome, Region: u.a.Home, Began: u.began, Ended: time.Now()}
	if len(u.a.Steps) > 0 {
		home.Host = u.a.Steps[0].Host
	}
	u.a.Steps = []harness.Step{home}
}

// wait is what a person does after an error page, until they give up on home.
func (u *person) wait(ctx context.Context, until time.Time) {
	began := time.Now()
	if !began.Before(until) {
		return
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	u.a.Steps = append(u.a.Steps, harness.Step{Name: history.StepWait, Began: began, Ended: time.Now()})
}

// byBookmark signs in at the identity provider's dashboard and clicks the Region's bookmark there.
func (u *person) byBookmark(ctx context.Context, region string) *failure {
	page, failed := u.visit(ctx, u.world.Dashboard, isDashboard)
	if failed != nil {
		return failed
	}
	i := slices.IndexFunc(page.bookmarks, func(b bookmark) bool { return b.region == region })
	if i < 0 {
		return &failure{history.ClassWrongContent, "the identity provider's dashboard has no bookmark of " + region}
	}
	return u.signIn(ctx, page.bookmarks[i].href)
}

// conclude says what came of the attempt.
func (u *person) conclude(ctx context.Context, failed *failure) {
	switch {
	case failed == nil:
		u.a.Succeed(u.region)
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		u.a.GiveUp(history.ClassStopped, "the run was stopped")
	case failed.class == history.ClassHarness:
		u.a.GiveUp(failed.class, failed.detail)
	default:
		u.a.Fail(failed.class, failed.detail)
	}
}
