package probes

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"sync"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// SessionKeep are people who have signed in once and only come back to the portal, with the cookies of their browser: a
// tab that is reloaded. They are served as long as their session lives; who is sent to the identity provider has lost
// it, and signs in anew when they come again. Sessions are replicated, so that people may open another Region's portal
// with the one they have, where the service hands it over (system.behaviour.session_hand_off).
type SessionKeep struct {
	Steer harness.BookmarkSteer `yaml:"steer" doc:"what a person does whom the portal at home doesn't serve: they open the other Region's by a bookmark of their own, without the identity provider"`

	world *harness.World

	mu       sync.Mutex // attempts overlap
	visitors map[string]*visitor
}

// visitor is a person in their own browser, by user name, which outlives an attempt.
type visitor struct {
	jar      http.CookieJar
	signedIn bool // they have been, and were not told otherwise since
}

// NewSessionKeep has people who don't steer, and nobody signed in.
func NewSessionKeep() harness.Probe {
	return &SessionKeep{Steer: harness.BookmarkSteer{By: harness.ByNone}, visitors: map[string]*visitor{}}
}

// Journey of its people: they are served by the session that they have.
func (p *SessionKeep) Journey() history.Journey { return history.SessionKeep }

// Needs nothing but this process.
func (p *SessionKeep) Needs() []string { return nil }

// Problems of its settings.
func (p *SessionKeep) Problems(t harness.Topology) []harness.Problem {
	return harness.Steer(p.Steer).Problems(t, harness.ByBookmark)
}

// Steering is what a person does who isn't served at home.
func (p *SessionKeep) Steering() harness.Steer { return harness.Steer(p.Steer) }

// Open keeps the world.
func (p *SessionKeep) Open(_ context.Context, world *harness.World) error {
	p.world = world
	return nil
}

// Close has nothing to close.
func (p *SessionKeep) Close() error { return nil }

// Try opens the portal at home and, where the person steers, after a while that of the other Region, by the session
// that they have. Who has none yet signs in.
func (p *SessionKeep) Try(ctx context.Context, a *harness.Attempt) error {
	transport := newTransport(p.world, a.From)
	defer transport.CloseIdleConnections()
	u, err := newPerson(p.world, a, transport)
	if err != nil {
		return err
	}
	own, signedIn, err := p.visitor(a.Person.UserName)
	if err != nil {
		return err
	}
	u.client.Jar, u.kept = own.jar, signedIn
	u.steer(ctx, harness.Steer(p.Steer),
		func(ctx context.Context) *failure { return u.signIn(ctx, p.world.Portal(a.Home)) },
		func(ctx context.Context) *failure { return u.signIn(ctx, p.world.Portal(p.Steer.To)) })
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case a.Outcome == history.Good:
		own.signedIn = true
	case a.Class == history.ClassSessionLost:
		own.signedIn = false
	}
	return nil
}

// visitor is a person with their browser, and whether they are signed in with it.
func (p *SessionKeep) visitor(user string) (*visitor, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.visitors[user]
	if own == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, false, err
		}
		own = &visitor{jar: jar}
		p.visitors[user] = own
	}
	return own, own.signedIn, nil
}
