package checks

import (
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Failback passes when, after the fault, the home Region carries people again within a time. What counts as lasting
// is taken from the recovery check of the same probe and fault.
type Failback struct {
	pair   `yaml:",inline"`
	Within time.Duration `yaml:"within" required:"true" min:"1ms" max:"24h" doc:"the objective, counted from the instant the fault is proven healed"`
}

func newFailback() Check { return &Failback{} }

// Subject of the check.
func (c *Failback) Subject() Subject {
	return Subject{Title: fmt.Sprintf("failback of %s after %s", c.Probe, c.Fault), Probe: c.Probe, Fault: c.Fault,
		Measure: verdict.FailbackTime, Window: verdict.After, Within: c.Within, Gated: true}
}

// Problems of the check.
func (c *Failback) Problems(p *history.Plan) []Problem { return c.known(p) }

// Check judges the failback.
func (c *Failback) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	r, p := m.Recovery(c.Probe, c.Fault), h.Plan.Probe(c.Probe)
	switch {
	case r == nil || r.Healed == nil:
		return unmeasured(fmt.Sprintf("nobody can say: %s was never proven healed", c.Fault))
	case r.Failback == nil:
		return unmeasured(fmt.Sprintf("nobody can say: too little is known of %s after %s", c.Probe, c.Fault))
	}
	f := verdict.Finding{Grade: judge(r.Failback, seconds(c.Within)), Objective: seconds(c.Within), Actual: r.Failback,
		Evidence: r.FailbackEvidence}
	took := against(r.Failback, seconds(c.Within))
	if f.Grade == verdict.Fail && (stopped(h) || r.FailbackWatched == nil || *r.FailbackWatched < seconds(c.Within)) {
		f.Grade = verdict.Unknown
	}
	switch {
	case r.Failback.Upper == nil && stopped(h):
		f.Summary = fmt.Sprintf("%s were not back in %s when the run was stopped", c.Probe, p.Home)
	case f.Grade == verdict.Pass:
		f.Summary = fmt.Sprintf("%s carried %s again %s after the fault had ended (objective %s)", p.Home, c.Probe, took,
			asked(c.Within))
	case f.Grade == verdict.Fail && r.Failback.Upper == nil:
		f.Summary = fmt.Sprintf("%s did not carry %s again in the %s that were watched%s", p.Home, c.Probe,
			span(r.Failback.Lower),
			because(h, m, c.Probe, c.Fault, verdict.After))
	case f.Grade == verdict.Fail:
		f.Summary = fmt.Sprintf("%s carried %s again only %s after the fault had ended%s", p.Home, c.Probe, took,
			missed(m, c.Within))
	case r.Failback.Upper == nil: // the undo took what settle had for watching, or another fault came
		f.Summary = fmt.Sprintf("nobody can say: %s were not seen to be back in %s for good when the watching ended, "+
			"which is too soon for the objective of %s",
			c.Probe, p.Home, asked(c.Within))
	default:
		f.Summary = fmt.Sprintf("%s carried %s again %s after the fault had ended, which can't be told from the objective "+
			"of %s", p.Home, c.Probe, took, asked(c.Within))
	}
	f.Summary = under(h, c.Fault) + f.Summary
	return f
}
