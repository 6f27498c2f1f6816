package aim

import (
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Vanity is the vanity domain, of which there is one at most. It is in no Region: where it may be left unsaid, or said
// as its place or its service. It is proven by asking it, on the way of its health checks.
func Vanity(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	if w.Region != "" {
		a.fail("where.region", "%s acts on the vanity domain, which is in no Region; leave region out", s.Kind)
	}
	if w.Place != "" && w.Place != names.GlobalPlace {
		a.noSuch("where.place", "place of a vanity domain", w.Place, []string{names.GlobalPlace})
	}
	if w.Service != "" && w.Service != names.VanityService {
		a.fail("where.service", "%s acts on the vanity domain; leave service out", s.Kind)
	}
	a.narrower("the vanity domain", "operation", "from")
	a.name()
	if s.Vanity.Host == "" {
		a.fail("where", "it hits nothing: the system has no vanity domain; say its host in system.vanity")
	}
	return harness.Aim{Place: names.GlobalPlace, Summary: "the vanity domain",
		Edges: []harness.Edge{{From: names.GlobalPlace, To: s.Primary}}}, a.p
}
