package checks

import (
	"fmt"
	"math"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Availability passes when at least a share of the attempts in a window is good. It is
// unknown where that depends on attempts of which nobody knows what came.
type Availability struct {
	pair    `yaml:",inline"`
	Window  string  `yaml:"window" enum:"baseline,fault,after" doc:"which attempts: those before, during or after the fault"`
	AtLeast float64 `yaml:"at_least" required:"true" min:"0" max:"1" doc:"the share of good attempts that is asked for"`
}

func newAvailability() Check { return &Availability{Window: verdict.Fault} }

// Subject of the check.
func (c *Availability) Subject() Subject {
	return Subject{Title: fmt.Sprintf("availability of %s %s %s", c.Probe, when(c.Window), c.Fault),
		Probe: c.Probe, Fault: c.Fault, Measure: verdict.ShareOfGood, Window: c.Window}
}

// Problems of the check.
func (c *Availability) Problems(p *history.Plan) []Problem { return c.known(p) }

// Check judges the window. What became of dropped and unknown attempts nobody knows: taken as bad they bound the share
// from below, taken as good from above.
func (c *Availability) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	w := m.Window(c.Probe, c.Fault, c.Window)
	if w == nil || w.Good+w.Bad == 0 {
		return unmeasured(fmt.Sprintf("nobody can say: no %s of %s %s %s was seen", h.Plan.Words(c.Probe).One,
			c.Probe, when(c.Window), c.Fault))
	}
	f := verdict.Finding{Grade: verdict.Unknown, Objective: c.AtLeast}
	least, most := float64(w.Good)/float64(w.Attempts), float64(w.Attempts-w.Bad)/float64(w.Attempts)
	said := verdict.Percent(least, math.Floor)
	if f.Actual = least; least < most {
		f.Actual = verdict.Share{Lower: least, Upper: most}
		said = verdict.Percent(least, math.Floor) + " to " + verdict.Percent(most, math.Ceil)
	}
	f.Summary = fmt.Sprintf("%d of %s of %s %s %s were good%s: %s (objective %s)", w.Good, plural(w.Attempts, "attempt"),
		c.Probe, when(c.Window), c.Fault, notSeen(w), said, verdict.Percent(c.AtLeast, math.Round))
	switch {
	case history.Kept(w.Good, w.Attempts, c.AtLeast):
		f.Grade = verdict.Pass
	case !history.Kept(w.Attempts-w.Bad, w.Attempts, c.AtLeast):
		f.Grade = verdict.Fail
	default:
		f.Summary += "; too little is known to tell"
	}
	if f.Grade != verdict.Pass {
		f.Summary += because(h, m, c.Probe, c.Fault, c.Window)
	}
	return f
}

// notSeen says how many of a window's attempts nobody knows of.
func notSeen(w *verdict.Window) string {
	if w.Dropped+w.Unknown == 0 {
		return ""
	}
	return fmt.Sprintf(", and of %d nobody knows", w.Dropped+w.Unknown)
}

// when is a window in words, as in "during virginia-dark".
func when(window string) string {
	return map[string]string{verdict.Baseline: "before", verdict.Fault: "during", verdict.After: "after"}[window]
}
