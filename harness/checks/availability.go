package checks

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Availability passes when at least a share of the attempts in a window is good. Dropped attempts count as bad,
// unknown ones not at all.
type Availability struct {
	pair    `yaml:",inline"`
	Window  string  `yaml:"window" enum:"baseline,fault,after" doc:"which attempts: those before, during or after the fault"`
	AtLeast float64 `yaml:"at_least" required:"true" min:"0" max:"1" doc:"the share of good attempts that is asked for"`
}

func newAvailability() Check { return &Availability{Window: verdict.Fault} }

// Subject of the check.
func (c *Availability) Subject() Subject {
	return Subject{Title: fmt.Sprintf("availability of %s %s %s", c.Probe, when(c.Window), c.Fault),
		Probe: c.Probe, Fault: c.Fault, Window: c.Window}
}

// Problems of the check.
func (c *Availability) Problems(p *history.Plan) []Problem { return c.known(p) }

// Check judges the window.
func (c *Availability) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	w := m.Window(c.Probe, c.Fault, c.Window)
	if w == nil || w.Availability == nil {
		return unmeasured(fmt.Sprintf("nobody can say: %s made no attempt %s %s", c.Probe, when(c.Window), c.Fault))
	}
	f := verdict.Finding{Grade: verdict.Pass, Objective: c.AtLeast, Actual: *w.Availability}
	f.Summary = fmt.Sprintf("%d of %s of %s %s %s were good: %s (objective %s)", w.Good,
		plural(w.Attempts-w.Unknown, "attempt"), c.Probe, when(c.Window), c.Fault, percent(*w.Availability), percent(c.AtLeast))
	if *w.Availability < c.AtLeast {
		f.Grade = verdict.Fail
		f.Summary += because(h, m, c.Probe, c.Fault, c.Window)
	}
	return f
}

// when is a window in words, as in "during virginia-dark".
func when(window string) string {
	return map[string]string{verdict.Baseline: "before", verdict.Fault: "during", verdict.After: "after"}[window]
}

// percent writes a ratio with as many digits as it has, up to three after the point.
func percent(ratio float64) string {
	s := strconv.FormatFloat(ratio*100, 'f', 3, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".") + " %"
}
