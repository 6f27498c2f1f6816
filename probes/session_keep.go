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
	outset[harness.BookmarkSteer] `yaml:",inline"`

	mu       sync.Mutex // attempts overlap
	visitors map[string]*visitor
}

// visitor is a person in their own browser, by user name, which outlives an attempt.
type visitor struct {
	jar      http.CookieJar
	signedIn bool // they have been, and were not told otherwise since
}

// NewSessionKeep has people who start at the portal and don't steer, and nobody signed in.
func NewSessionKeep() harness.Probe {
	return &SessionKeep{outset: atPortal(harness.BookmarkSteer{By: harness.ByNone}), visitors: map[string]*visitor{}}
}

// Journey of its people: they are served by the session that they have.
func (p *SessionKeep) Journey() history.Journey { return history.SessionKeep }

// Try opens the portal at home and, where the person steers, after a while that of the other Region, by the session
// that they have. Who has none yet signs in.
func (p *SessionKeep) Try(ctx context.Context, a *harness.Attempt) error {
	own, signedIn, err := p.visitor(a.Person.UserName)
	if err != nil {
		return err
	}
	err = p.try(ctx, a, func(ctx context.Context, u *person) *failure {
		u.client.Jar, u.kept = own.jar, signedIn
		return u.signIn(ctx, p.begins(a))
	}, func(ctx context.Context, u *person) *failure { return u.signIn(ctx, p.world.Portal(p.Steer.To)) })
	if err != nil {
		return err
	}
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
