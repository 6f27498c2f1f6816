package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Invariants pass when nothing is so that must never be. A violation fails the drill whatever else came of it, though
// the measurement were not valid.
type Invariants struct {
	Only  []string      `yaml:"only" example:"[no_replayed_assertion]" doc:"which invariants; if not said, all of which the system can be asked: no_record_elsewhere needs a Region that stands by"`
	Bound time.Duration `yaml:"bound" min:"0s" max:"24h" doc:"how long after somebody was removed they may still be let in, for no_login_after_revocation"`
}

func newInvariants() Check { return &Invariants{Only: []string{}, Bound: time.Minute} }

// Subject of the check. No names stand for all that can be asked about.
func (c *Invariants) Subject() Subject {
	return Subject{Title: "invariants", Invariants: &history.Invariants{Only: c.Only, Bound: history.At(c.Bound)}}
}

// Problems of the check.
func (c *Invariants) Problems(p *history.Plan) []Problem {
	var problems []Problem
	for _, name := range c.Only {
		if known := history.InvariantNames(); !slices.Contains(known, name) {
			problems = append(problems, Problem{Key: "only", Sentence: fmt.Sprintf("there is no invariant %q", name),
				Unknown: name, Among: known})
		}
		if name == history.NoRecordElsewhere && len(p.Outside) == 0 {
			problems = append(problems, Problem{Key: "only", Sentence: name + " can't be asked about, as no Region stands by " +
				"outside the instance to the end; add one to system.standby, or leave it out"})
		}
	}
	return problems
}

// Check judges them all: one that is violated fails it, one of which nobody can say leaves it unknown.
func (c *Invariants) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	asked := c.Only
	if len(asked) == 0 {
		asked = h.Plan.Askable()
	}
	f := verdict.Finding{Grade: verdict.Pass}
	var broken, untold, kept []string
	violations := 0
	for _, name := range asked {
		i := slices.IndexFunc(m.Invariants, func(v verdict.Invariant) bool { return v.Name == name })
		switch {
		case i < 0:
			untold = append(untold, name+" (nobody looked)")
		case m.Invariants[i].Grade == verdict.Fail:
			v := &m.Invariants[i]
			broken = append(broken, fmt.Sprintf("%s (%s)", name, v.Detail))
			violations += v.Violations
			f.Evidence = append(f.Evidence, v.Evidence...)
		case m.Invariants[i].Grade == verdict.Unknown:
			untold = append(untold, fmt.Sprintf("%s (%s)", name, m.Invariants[i].Detail))
		default:
			kept = append(kept, name)
		}
	}
	f.Objective, f.Actual = 0, violations
	switch {
	case len(broken) > 0:
		f.Grade, f.Summary = verdict.Fail, "violated: "+strings.Join(broken, "; ")
	case len(untold) > 0:
		f.Grade, f.Summary = verdict.Unknown, "nobody can say: "+strings.Join(untold, "; ")
	default:
		f.Summary = plural(len(kept), "invariant") + " kept: " + strings.Join(kept, ", ")
	}
	return f
}
