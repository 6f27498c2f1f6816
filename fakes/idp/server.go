package idp

import (
	"context"
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
	s := &Server{deps: deps}
	s.Verbs = control.Verbs{
		"configure": control.To(s.configure), // a Config; tells its Metadata
		"acs":       control.To(s.acs),       // registers a list of ACS in place of the present ones
	}
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

func (s *Server) acs(_ context.Context, list []ACS) (control.None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idp == nil {
		return control.None{}, control.ErrUnconfigured
	}
	return control.None{}, s.idp.SetACS(list)
}
