package kms

import (
	"context"
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Setup is a Config and the Regions that are served.
type Setup struct {
	Config
	Regions []string
}

// Server is KMS that is told whose keys it has. It knows nothing until it is configured.
type Server struct {
	control.Hosts
	control.Verbs
	deps Deps
}

// NewServer stands on deps.
func NewServer(deps Deps) *Server {
	s := &Server{deps: deps}
	s.Verbs = control.Verbs{
		"configure": control.To(s.configure), // a Setup; tells the hosts that it serves
	}
	return s
}

func (s *Server) configure(_ context.Context, c Setup) ([]string, error) {
	service := New(c.Config, s.deps)
	hosts := map[string]http.Handler{}
	for _, region := range c.Regions {
		hosts[names.KMSHost(region)] = service.Handler(region)
	}
	return s.PutUp(hosts), nil
}
