package measure

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// invariants are what a check asks about: each is violated once for each look that says so, kept where all looks say
// so, and else nobody can say.
func (d *drill) invariants() []verdict.Invariant {
	all := []verdict.Invariant{}
	if d.h.Plan.Invariants == nil {
		return all
	}
	looks := map[string][]history.Audit{}
	lines := map[string][]int64{}
	for i := range d.h.Events {
		if a, is := history.Audited.Of(&d.h.Events[i]); is {
			looks[a.Invariant] = append(looks[a.Invariant], a)
			lines[a.Invariant] = append(lines[a.Invariant], d.h.Events[i].Seq)
		}
	}
	for _, name := range history.InvariantNames() {
		switch {
		case !slices.Contains(d.h.Plan.Invariants.Only, name):
		case name == history.NoLoginAfterRevocation:
			all = append(all, d.loginsAfter(d.h.Plan.Invariants.Bound))
		default:
			all = append(all, audited(name, looks[name], lines[name]))
		}
	}
	return all
}

// audited is an invariant of which the system was asked.
func audited(name string, looks []history.Audit, lines []int64) verdict.Invariant {
	v := verdict.Invariant{Name: name, Grade: verdict.Pass, Looks: len(looks)}
	if len(looks) == 0 {
		v.Grade, v.Detail = verdict.Unknown, "nobody looked"
	}
	for i, a := range looks {
		said := a.Detail
		if a.Region != "" {
			said = a.Region + ": " + said
		}
		switch {
		case a.Is == history.AuditViolated:
			if v.Violations++; v.Violations == 1 {
				v.Grade, v.Detail = verdict.Fail, said
			}
			v.Evidence = append(v.Evidence, lines[i])
		case a.Is != history.AuditKept && v.Grade != verdict.Fail:
			v.Grade, v.Detail = verdict.Unknown, cmp.Or(v.Detail, said)
		}
	}
	return v
}

// loginsAfter are sign-ins of people who may no longer, begun later after that was done than the bound. Where nobody
// came who could have been let in, nobody can say; where nobody was removed there is nothing to violate.
func (d *drill) loginsAfter(bound history.Instant) verdict.Invariant {
	v := verdict.Invariant{Name: history.NoLoginAfterRevocation, Grade: verdict.Pass}
	removed := removals(d.h)
	for i := range removed {
		r := &removed[i]
		if r.Revokes != history.RevokesSignIn {
			continue
		}
		came := 0
		for _, s := range d.series {
			for _, t := range s.tries {
				if !t.of(r) || t.Began <= r.done+bound || !t.signedIn() || t.Outcome != history.Good && !t.decided() {
					continue
				}
				came++
				if t.Outcome == history.Good {
					v.Violations++
					v.Evidence = append(v.Evidence, t.line)
					v.Detail = cmp.Or(v.Detail, fmt.Sprintf("%s signed in by %s in %s, %.1f s after %s", r.Person, s.probe.Name,
						t.Region, (t.Began-r.done).Seconds(), r.Name))
				}
			}
		}
		if v.Looks += came; came == 0 && v.Violations == 0 {
			v.Grade = verdict.Unknown
			v.Detail = fmt.Sprintf("nobody tried to sign in as %s later than %.1f s after %s", r.Person, bound.Seconds(), r.Name)
		}
	}
	if v.Violations > 0 {
		v.Grade = verdict.Fail
	}
	return v
}
