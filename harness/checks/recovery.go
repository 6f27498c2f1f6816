package checks

import (
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Recovery passes when people are back within a time because they failed over, or were never interrupted. People who
// are back only because the fault ended have not recovered from it.
type Recovery struct {
	pair      `yaml:",inline"`
	Within    time.Duration `yaml:"within" required:"true" min:"1ms" max:"24h" doc:"the recovery time objective, counted from the instant the fault is proven in force"`
	Sustained Sustained     `yaml:"sustained" doc:"when people count as back"`
}

func newRecovery() Check { return &Recovery{Sustained: defaultSustained()} }

// Subject of the check.
func (c *Recovery) Subject() Subject {
	return Subject{Title: fmt.Sprintf("recovery of %s from %s", c.Probe, c.Fault), Probe: c.Probe, Fault: c.Fault,
		Window: verdict.Fault, Within: c.Within, Sustained: &c.Sustained, Gated: true}
}

// Problems of the check.
func (c *Recovery) Problems(p *history.Plan) []Problem { return c.known(p) }

// Check judges the recovery.
func (c *Recovery) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	r := m.Recovery(c.Probe, c.Fault)
	if r == nil || r.RecoveryTimeActual == nil {
		return unmeasured(fmt.Sprintf("nobody can say: %s was never proven in force", c.Fault))
	}
	f := verdict.Finding{Grade: verdict.Fail, Objective: seconds(c.Within), Actual: r.RecoveryTimeActual, Evidence: r.Evidence}
	switch took := within(r.RecoveryTimeActual); r.EndedBy {
	case verdict.None:
		f.Summary = fmt.Sprintf("%s were not seen to be interrupted: the longest gap between two of their sign-ins was %s", c.Probe, span(*r.RecoveryTimeActual.Upper))
	case verdict.Failover:
		f.Summary = fmt.Sprintf("%s were back after %s, through %s", c.Probe, took, r.RecoveredIn)
	case verdict.Heal:
		f.Summary = fmt.Sprintf("%s were back only when %s ended, after %s: nobody failed over", c.Probe, c.Fault, took)
	case verdict.Never:
		f.Summary = fmt.Sprintf("%s never came back in the %s that were watched", c.Probe, span(r.RecoveryTimeActual.Lower))
	}
	switch {
	case r.EndedBy == verdict.Never && stopped(h):
		f.Grade = verdict.Unknown
		f.Summary = fmt.Sprintf("%s were not back when the run was stopped", c.Probe)
	case r.EndedBy == verdict.Never || r.EndedBy == verdict.Heal:
	case *r.RecoveryTimeActual.Upper <= seconds(c.Within):
		f.Grade = verdict.Pass
		f.Summary += fmt.Sprintf(" (objective %s)", asked(c.Within))
	default:
		f.Summary += fmt.Sprintf(", which misses the objective of %s", asked(c.Within))
	}
	f.Summary += because(h, m, c.Probe, c.Fault, verdict.Fault)
	return f
}
