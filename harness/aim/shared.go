package aim

import (
	"cmp"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Shared are the names that all Regions share and that people need: those of the console. Where may leave them unsaid.
// They are in no Region.
func Shared(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a := &aimer{w: w, s: s}
	if w.Region != "" {
		a.fail("where.region", "%s acts on a host that is in no Region; leave region out", s.Kind)
	}
	if w.Place != "" && w.Place != names.GlobalPlace {
		a.noSuch("where.place", "place of shared hosts", w.Place, []string{names.GlobalPlace})
	}
	w.Region, w.Place, w.Service = "", names.GlobalPlace, cmp.Or(w.Service, names.ConsoleService)
	found, problems := Links(w, s)
	return found, append(a.p, problems...)
}
