package checks

import (
	"fmt"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Latency passes when good sign-ins of a window took at most so long, counted from when they were due.
type Latency struct {
	pair   `yaml:",inline"`
	Window string        `yaml:"window" enum:"baseline,fault,after" doc:"which attempts: those before, during or after the fault"`
	P50    time.Duration `yaml:"p50" max:"24h" doc:"half of them are at least as quick"`
	P95    time.Duration `yaml:"p95" max:"24h" doc:"95 in a hundred are at least as quick"`
	P99    time.Duration `yaml:"p99" max:"24h" doc:"99 in a hundred are at least as quick"`
	Max    time.Duration `yaml:"max" max:"24h" doc:"all of them are at least as quick"`
}

func newLatency() Check { return &Latency{Window: verdict.Fault} }

// Subject of the check.
func (c *Latency) Subject() Subject {
	s := Subject{Title: fmt.Sprintf("latency of %s %s %s", c.Probe, when(c.Window), c.Fault),
		Probe: c.Probe, Fault: c.Fault, Window: c.Window}
	if c.P95 > 0 {
		s.Quantiles = append(s.Quantiles, Quantile{"p95", 20})
	}
	if c.P99 > 0 {
		s.Quantiles = append(s.Quantiles, Quantile{"p99", 100})
	}
	return s
}

// Problems of the check.
func (c *Latency) Problems(p *history.Plan) []Problem {
	problems := c.known(p)
	if len(c.limits(&verdict.Latency{})) == 0 {
		problems = append(problems, Problem{Key: "kind", Sentence: "it asks for nothing: give p50, p95, p99 or max"})
	}
	return problems
}

// limit is one quantile that is asked for.
type limit struct {
	name          string
	actual, asked verdict.Seconds
}

func (c *Latency) limits(l *verdict.Latency) []limit {
	var asked []limit
	for _, q := range []limit{{"p50", l.P50, seconds(c.P50)}, {"p95", l.P95, seconds(c.P95)}, {"p99", l.P99, seconds(c.P99)}, {"max", l.Max, seconds(c.Max)}} {
		if q.asked > 0 {
			asked = append(asked, q)
		}
	}
	return asked
}

// Check judges the window. The finding's objective and actual are of the first quantile missed, else of the first asked.
func (c *Latency) Check(_ *history.History, m *verdict.Measures) verdict.Finding {
	w := m.Window(c.Probe, c.Fault, c.Window)
	if w == nil || w.Latency == nil {
		return unmeasured(fmt.Sprintf("nobody can say: no sign-in of %s %s %s was good", c.Probe, when(c.Window), c.Fault))
	}
	f := verdict.Finding{Grade: verdict.Pass}
	var said []string
	for i, q := range c.limits(w.Latency) {
		if missed := q.actual > q.asked; i == 0 || (missed && f.Grade == verdict.Pass) {
			f.Objective, f.Actual = q.asked, q.actual
			if missed {
				f.Grade = verdict.Fail
			}
		}
		said = append(said, fmt.Sprintf("%s %s (objective %s)", q.name, span(q.actual), asked(q.asked.Duration())))
	}
	f.Summary = fmt.Sprintf("sign-ins of %s %s %s took %s", c.Probe, when(c.Window), c.Fault, strings.Join(said, ", "))
	return f
}
