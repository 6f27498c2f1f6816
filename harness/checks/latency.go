package checks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
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
		Probe: c.Probe, Fault: c.Fault, Measure: verdict.LatencyQuantiles, Window: c.Window}
	for _, q := range c.limits(&verdict.Window{Latency: &verdict.Latency{}}) {
		if q.least > 1 {
			s.Quantiles = append(s.Quantiles, Quantile{q.name, q.least})
		}
	}
	return s
}

// Problems of the check.
func (c *Latency) Problems(p *history.Plan) []Problem {
	problems := c.known(p)
	if len(c.limits(&verdict.Window{Latency: &verdict.Latency{}})) == 0 {
		problems = append(problems, Problem{Key: "kind", Sentence: "it asks for nothing: give p50, p95, p99 or max"})
	}
	return problems
}

// limit is one quantile that is asked for.
type limit struct {
	name          string
	least         int // good sign-ins below which it means nothing
	actual, asked verdict.Seconds
	lower         verdict.Seconds  // what the system needed at least
	upper         *verdict.Seconds // what people waited at most; nil: nobody can say
}

// limits are the quantiles that are asked for, of what was seen in a window.
func (c *Latency) limits(w *verdict.Window) []limit {
	l := *w.Latency
	least, most := cmp.Or(w.LatencyLower, w.Latency), w.LatencyUpper
	if most == nil {
		most = &verdict.LatencyUpper{P50: &l.P50, P95: &l.P95, P99: &l.P99, Max: &l.Max}
	}
	var asked []limit
	for _, q := range []limit{
		{"p50", 1, l.P50, seconds(c.P50), least.P50, most.P50},
		{"p95", 20, l.P95, seconds(c.P95), least.P95, most.P95},
		{"p99", 100, l.P99, seconds(c.P99), least.P99, most.P99},
		{"max", 1, l.Max, seconds(c.Max), least.Max, most.Max},
	} {
		if q.asked > 0 {
			asked = append(asked, q)
		}
	}
	return asked
}

// grade of one quantile of a window's good sign-ins.
func (q limit) grade(w *verdict.Window) verdict.Grade {
	switch {
	case w.Good < q.least || !w.Observed:
		return verdict.Unknown
	case q.lower > q.asked:
		return verdict.Fail
	case q.upper == nil, *q.upper > q.asked: // the difference is this machine's, or of those whom nobody saw
		return verdict.Unknown
	}
	return verdict.Pass
}

// why says of a quantile that can't be told what it is up to; empty where that is the window's.
func (q limit) why(w *verdict.Window, people history.Words) string {
	unseen := w.Dropped + w.Unknown
	switch {
	case w.Good < q.least:
		return fmt.Sprintf(", which takes %d %s to tell", q.least, people.Many)
	case !w.Observed || q.grade(w) != verdict.Unknown:
		return ""
	case q.actual <= q.asked:
		return fmt.Sprintf(", and of %d nobody knows", unseen)
	case unseen == 0:
		return fmt.Sprintf(", of which the system needed at least %s: for the rest this machine stood still", span(q.lower))
	}
	return fmt.Sprintf(", which was %s at least: of %d nobody knows", span(q.lower), unseen)
}

// Check judges the window. The finding's objective and actual are of the first quantile missed, else of the first that
// can't be told, else of the first asked.
func (c *Latency) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	w, people := m.Window(c.Probe, c.Fault, c.Window), h.Plan.Words(c.Probe)
	if w == nil || w.Latency == nil {
		return unmeasured(fmt.Sprintf("nobody can say: no %s of %s %s %s was good", people.One, c.Probe,
			when(c.Window), c.Fault))
	}
	f := verdict.Finding{Grade: verdict.Pass}
	var said []string
	worse := func(a, b verdict.Grade) bool { // a is worse than b
		order := []verdict.Grade{verdict.Pass, verdict.Unknown, verdict.Fail}
		return slices.Index(order, a) > slices.Index(order, b)
	}
	for i, q := range c.limits(w) {
		g := q.grade(w)
		if i == 0 || worse(g, f.Grade) {
			f.Grade, f.Objective, f.Actual = g, q.asked, q.actual
		}
		took := span(q.actual)
		if q.actual.Crosses(q.asked, math.Round) {
			took = asked(q.actual.Duration())
		}
		said = append(said, fmt.Sprintf("%s %s (objective %s)%s", q.name, took, asked(q.asked.Duration()), q.why(w, people)))
	}
	f.Summary = fmt.Sprintf("%s of %s %s %s took %s", plural(w.Good, people.One), c.Probe, when(c.Window),
		h.Plan.Called(c.Fault), strings.Join(said, ", "))
	if !w.Observed {
		f.Summary += fmt.Sprintf("; of %s arrivals %d were seen, too few to tell", strconv.Itoa(w.Attempts), w.Good+w.Bad)
	}
	return f
}
