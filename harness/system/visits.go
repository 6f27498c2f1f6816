package system

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/fabric"
)

// Visits lets tell know what became of people who came by the doors: what the fakes say, and who could not even reach
// them. It takes fakes that run in this process.
func (s *Site) Visits(tell func(harness.Visit)) {
	s.onVisit.Store(&tell)
	s.Fabric.Missed(func(from, host string, err error) {
		if at := s.located[host]; slices.Contains(personally, at.Service) {
			tell(harness.Visit{From: from, Place: at.Place, Why: "no connection to " + host + ": " + whyMissed(err)})
		}
	})
}

// whyMissed says why a client of a door was not connected.
func whyMissed(err error) string {
	var dial *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return "nobody answered until the client gave up"
	case errors.As(err, &dial):
		return dial.Err.Error()
	}
	return err.Error()
}

// personally are services that people ask for, rather than a program that they run.
var personally = []string{"portal", "signin", "portal_api", "idp"}

// watched lets the fakes tell of people who come by the doors, once somebody listens.
func (s *Site) watched(place string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tell := s.onVisit.Load(); tell != nil && fabric.ByDoor(r) {
			from, _, err := net.SplitHostPort(r.RemoteAddr)
			if err != nil {
				from = r.RemoteAddr
			}
			r = r.WithContext(control.Watched(r.Context(), func(v control.Visit) {
				(*tell)(harness.Visit{From: from, Place: place, Person: v.Person, Served: v.Served, Why: v.Why})
			}))
		}
		next.ServeHTTP(w, r)
	})
}
