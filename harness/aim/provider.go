package aim

import (
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Provider is the identity provider as it is to the people of every Region or, with one, of that. It may be left
// unsaid, as there is one provider alone. It is proven on the way of its answers to each Region.
func Provider(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	if w.Place != "" && w.Place != names.IdPPlace {
		a.noSuch("where.place", "identity provider", w.Place, []string{names.IdPPlace})
	}
	if w.Region != "" && !slices.Contains(s.Regions(), w.Region) {
		a.noSuch("where.region", "Region of the system", w.Region, s.Regions())
	}
	a.narrower("the identity provider", "service", "operation", "from")
	a.name()
	found := harness.Aim{Place: names.IdPPlace, Region: w.Region, Summary: "the identity provider"}
	for _, region := range s.Enabled() {
		if w.Region == "" || w.Region == region {
			found.Edges = append(found.Edges, harness.Edge{From: names.IdPPlace, To: region})
		}
	}
	if w.Region != "" && len(found.Edges) == 0 { // it stands by, and may be of the instance by then
		found.Edges = []harness.Edge{{From: names.IdPPlace, To: w.Region}}
	}
	return found, a.p
}

// ProviderNames are those under which people come to the identity provider, from everywhere or from one place.
func ProviderNames(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	if w.Region != "" {
		a.fail("where.region", "%s acts on the identity provider, which is in no Region; leave region out", s.Kind)
	}
	if w.Place != "" && w.Place != names.IdPPlace {
		a.noSuch("where.place", "identity provider", w.Place, []string{names.IdPPlace})
	}
	w.Region, w.Place = "", names.IdPPlace
	found, problems := Links(w, s)
	return found, append(a.p, problems...)
}
