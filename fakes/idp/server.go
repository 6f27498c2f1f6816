package idp

import (
	"context"
	"maps"
	"net/http"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// Metadata is what Identity Center must be told of a provider, beside its certificate.
type Metadata struct {
	Host             string // where it is served
	EntityID, SSOURL string
}

// Server is a provider that is told what to be. It knows nothing until it is configured.
type Server struct {
	control.Hosts
	control.Verbs
	deps Deps

	mu  sync.Mutex
	idp *IdP
}

// NewServer stands on deps.
func NewServer(deps Deps) *Server {
	clock := control.NewClock(deps.Now)
	deps.Now = clock.Now
	s := &Server{deps: deps}
	s.Verbs = control.Verbs{
		"configure": control.To(s.configure), // a Config; tells its Metadata
		"acs":       to(s, (*IdP).acsVerb),   // registers a list of ACS in place of the present ones; tells those

		"rotate":       to(s, (*IdP).Rotate),      // a Rotation; tells what Rotated
		"keys":         to(s, (*IdP).SetKeys),     // Keys; tells those of before, which put back undo it
		"disable_user": to(s, (*IdP).disableVerb), // a Disablement; tells that of before
		"assign":       to(s, (*IdP).assignVerb),  // an Assignment; tells that of before

		"get_wrong": to(s, (*IdP).flawVerb),    // a Flaw, beside others; tells what was imported for it
		"mend":      to(s, (*IdP).mendVerb),    // a Flaw, by its name
		"canary":    to(s, (*IdP).canaryVerb),  // a Canary; tells what it is Shown
		"stopped":   to(s, (*IdP).stoppedVerb), // tells the names of the flaws by which nothing is pushed
	}
	maps.Copy(s.Verbs, clock.Verbs())
	return s
}

func (s *Server) configure(_ context.Context, c Config) (Metadata, error) {
	made, err := New(c, s.deps)
	if err != nil {
		return Metadata{}, err
	}
	s.mu.Lock()
	s.idp = made
	s.mu.Unlock()
	s.PutUp(map[string]http.Handler{made.host: made})
	return Metadata{made.host, made.EntityID(), made.SSOURL()}, nil
}

// to makes a verb of what a configured provider can be told.
func to[A, R any](s *Server, do func(*IdP, A) (R, error)) control.Verb {
	return control.To(func(_ context.Context, argument A) (R, error) {
		s.mu.Lock()
		p := s.idp
		s.mu.Unlock()
		if p == nil {
			var none R
			return none, control.ErrUnconfigured
		}
		return do(p, argument)
	})
}

// Disablement says whether somebody may sign in.
type Disablement struct {
	UserName string
	Disabled bool
}

// Assignment says whether somebody may use an application: that of IAM Identity Center, or a Region's bookmark.
type Assignment struct {
	Bookmark string // Region; empty: the application itself
	UserName string
	Assigned bool
}

func (p *IdP) acsVerb(list []ACS) (before []ACS, err error) {
	before = p.ACS()
	return before, p.SetACS(list)
}

func (p *IdP) disableVerb(d Disablement) (Disablement, error) {
	before, err := p.SetDisabled(d.UserName, d.Disabled)
	return Disablement{d.UserName, before}, err
}

func (p *IdP) assignVerb(a Assignment) (Assignment, error) {
	before, err := p.Assign(a.Bookmark, a.UserName, a.Assigned)
	return Assignment{a.Bookmark, a.UserName, before}, err
}
