package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Convergence passes when, within a time after a fault, every Region has all that was acknowledged by its end.
type Convergence struct {
	Fault  string        `yaml:"fault" required:"true" doc:"the fault after which the Regions become alike again"`
	Within time.Duration `yaml:"within" required:"true" min:"1ms" max:"24h" doc:"the objective, counted from the instant the fault is proven healed"`
}

func newConvergence() Check { return &Convergence{} }

// Subject of the check.
func (c *Convergence) Subject() Subject {
	return Subject{Title: "convergence after " + c.Fault, Fault: c.Fault, Measure: verdict.ConvergenceTime}
}

// Problems of the check. A run that ends before the objective can't miss it.
func (c *Convergence) Problems(p *history.Plan) []Problem {
	problems := slices.Concat(unwritten(p), noFault(p, c.Fault))
	if f := p.Fault(c.Fault); f != nil && f.For > 0 {
		if open := p.Length() - p.Begins(*f) - f.For; history.At(c.Within) > open {
			problems = append(problems, Problem{Key: "within", Sentence: fmt.Sprintf(
				"could not be measured: %v is longer than the %v from the end of %s to that of the drill; raise settle",
				c.Within, open.Duration(), c.Fault)})
		}
	}
	return problems
}

// Check judges the convergence.
func (c *Convergence) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	all := verdict.Entries[verdict.Convergence](m, "convergences")
	i := slices.IndexFunc(all, func(v verdict.Convergence) bool { return v.Fault == c.Fault })
	switch {
	case i < 0:
		return unmeasured(fmt.Sprintf("nobody can say: %s was never proven healed, or nobody wrote anything", c.Fault))
	case all[i].Took == nil:
		return unmeasured(fmt.Sprintf("nobody can say: nothing had been acknowledged when %s ended", c.Fault))
	}
	v := &all[i]
	f := verdict.Finding{Grade: judge(v.Took, seconds(c.Within)), Objective: seconds(c.Within), Actual: v.Took,
		Evidence: v.Evidence}
	if f.Grade == verdict.Fail && stopped(h) {
		f.Grade = verdict.Unknown
	}
	f.Summary = under(h, c.Fault) + c.said(m, v, f.Grade)
	return f
}

func (c *Convergence) said(m *verdict.Measures, v *verdict.Convergence, g verdict.Grade) string {
	took := against(v.Took, seconds(c.Within))
	switch {
	case g == verdict.Pass:
		return fmt.Sprintf("every Region had all of the %s %s after %s had ended (objective %s)", plural(v.Writes, "write"),
			took, c.Fault, asked(c.Within))
	case len(v.Unseen) > 0 && g == verdict.Unknown:
		return fmt.Sprintf("nobody can say: what %s had after %s was not seen", strings.Join(v.Unseen, " and "), c.Fault)
	case v.Took.Upper == nil && g == verdict.Fail:
		return fmt.Sprintf("%s still lacked %d of the %s %s after %s had ended", v.Slowest, v.Missing,
			plural(v.Writes, "write"), floor(v.Took.Lower), c.Fault)
	case v.Took.Upper == nil:
		return fmt.Sprintf("nobody can say: %s lacked %d of the %s when the watching ended", v.Slowest, v.Missing,
			plural(v.Writes, "write"))
	case g == verdict.Fail:
		return fmt.Sprintf("%s had all of the %s only %s after %s had ended%s", v.Slowest, plural(v.Writes, "write"), took,
			c.Fault, missed(m, c.Within))
	}
	return fmt.Sprintf("every Region had all of the %s %s after %s had ended, which can't be told from the objective "+
		"of %s", plural(v.Writes, "write"), took, c.Fault, asked(c.Within))
}
