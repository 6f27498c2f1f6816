package checks

import (
	"fmt"
	"math"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Availability passes when at least a share of the attempts in a window is good, and at most another: of people who are
// to be kept out it is a mistake that they get in. It is unknown where that depends on attempts of which nobody knows
// what came.
type Availability struct {
	pair   `yaml:",inline"`
	Window string `yaml:"window" enum:"baseline,fault,after" doc:"which attempts: those before, during or after the fault"`
	share  `yaml:",inline"`
}

func newAvailability() Check { return &Availability{Window: verdict.Fault, share: share{AtMost: 1}} }

// Subject of the check.
func (c *Availability) Subject() Subject {
	return Subject{Title: fmt.Sprintf("availability of %s %s %s", c.Probe, when(c.Window), c.Fault),
		Probe: c.Probe, Fault: c.Fault, Measure: verdict.ShareOfGood, Window: c.Window}
}

// Problems of the check.
func (c *Availability) Problems(p *history.Plan) []Problem {
	return append(c.known(p), c.share.problems()...)
}

// Check judges the window. What became of dropped and unknown attempts nobody knows: taken as bad they bound the share
// from below, taken as good from above.
func (c *Availability) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	w := m.Window(c.Probe, c.Fault, c.Window)
	if w == nil || w.Good+w.Bad == 0 {
		return unmeasured(fmt.Sprintf("nobody can say: no %s of %s %s %s was seen", h.Plan.Words(c.Probe).One,
			c.Probe, when(c.Window), c.Fault))
	}
	f := verdict.Finding{Grade: c.grade(w.Good, w.Attempts-w.Bad, w.Attempts), Objective: c.objective()}
	least, most := float64(w.Good)/float64(w.Attempts), float64(w.Attempts-w.Bad)/float64(w.Attempts)
	said := verdict.Percent(least, math.Floor)
	if f.Actual = least; least < most {
		f.Actual = verdict.Share{Lower: least, Upper: most}
		said = verdict.Percent(least, math.Floor) + " to " + verdict.Percent(most, math.Ceil)
	}
	f.Summary = fmt.Sprintf("%d of %s of %s %s %s were good%s: %s (objective %s)", w.Good, plural(w.Attempts, "attempt"),
		c.Probe, when(c.Window), h.Plan.Called(c.Fault), notSeen(h, w), said, c.asked())
	if f.Grade == verdict.Unknown {
		f.Summary += "; too little is known to tell"
	}
	if f.Grade != verdict.Pass && !exceeds(w.Good, w.Attempts, c.AtMost) {
		f.Summary += because(h, m, c.Probe, c.Fault, c.Window)
	}
	return f
}

// notSeen says of how many of a window's attempts nobody knows what came, and at which rate people began where this
// machine could not keep up with them.
func notSeen(h *history.History, w *verdict.Window) string {
	if w.Dropped+w.Unknown == 0 {
		return ""
	}
	said := fmt.Sprintf(", and of %d nobody knows", w.Dropped+w.Unknown)
	if p := h.Plan.Probe(w.Probe); w.Dropped > 0 && p != nil && p.Every > 0 {
		said += fmt.Sprintf(" (this machine did not keep up: %s)", verdict.Pace(p.Every.Duration(), w.Attempts, w.Dropped))
	}
	return said
}

// when is a window in words, as in "during virginia-dark".
func when(window string) string {
	return map[string]string{verdict.Baseline: "before", verdict.Fault: "during", verdict.After: "after"}[window]
}
