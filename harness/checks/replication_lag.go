package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// ReplicationLag passes when what is written in the primary Region is seen in another after at most so long, at
// quantiles of all writes, or of those that were acknowledged in a window of a fault.
type ReplicationLag struct {
	From   string        `yaml:"from" form:"region" example:"us-east-1" doc:"the Region that is written to; if not said, the primary, which is the only one"`
	To     string        `yaml:"to" form:"region" required:"true" doc:"the Region that must have it"`
	Fault  string        `yaml:"fault" example:"virginia-dark" doc:"the fault around which it is judged; if not said, all of the run is"`
	Window string        `yaml:"window" enum:"baseline,fault,after" doc:"which writes count, by when they were acknowledged"`
	P50    time.Duration `yaml:"p50" min:"0s" max:"24h" example:"1s" doc:"the objective of the median; 0s: there is none"`
	P99    time.Duration `yaml:"p99" min:"0s" max:"24h" example:"5s" doc:"the objective of the 99th percentile, for which it takes 100 writes; 0s: there is none"`
}

func newReplicationLag() Check { return &ReplicationLag{Window: verdict.Baseline} }

// Subject of the check.
func (c *ReplicationLag) Subject() Subject {
	title := "replication lag to " + c.To
	if c.Fault != "" {
		title += fmt.Sprintf(", %s of %s", c.Window, c.Fault)
	}
	return Subject{Title: title, Fault: c.Fault, Measure: verdict.ReplicationLags}
}

// Problems of the check.
func (c *ReplicationLag) Problems(p *history.Plan) []Problem {
	problems := slices.Concat(unwritten(p), noFault(p, c.Fault), notReplicated(p, "to", c.To))
	if c.From != "" && c.From != p.Primary {
		problems = append(problems, Problem{Key: "from",
			Sentence: "only the primary Region is written to, which is " + p.Primary})
	}
	if c.P50 == 0 && c.P99 == 0 {
		problems = append(problems, Problem{Key: "kind", Sentence: "asks for nothing: say p50, p99 or both"})
	}
	return problems
}

// manyWrites is how many it takes for a 99th percentile that isn't just the slowest.
const manyWrites = 100

// Check judges the worst of what is asked.
func (c *ReplicationLag) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	window := c.Window
	if c.Fault == "" {
		window = ""
	}
	all := verdict.Entries[verdict.ReplicationLag](m, "replication_lags")
	i := slices.IndexFunc(all, func(l verdict.ReplicationLag) bool {
		return l.To == c.To && l.Fault == c.Fault && l.Window == window && l.From == cmp.Or(c.From, l.From)
	})
	if i < 0 || all[i].Writes == 0 {
		return unmeasured(fmt.Sprintf("nobody can say: of nothing that was written was it seen when %s had it", c.To))
	}
	l := &all[i]
	f := verdict.Finding{Grade: verdict.Pass}
	var said []string
	for _, q := range []struct {
		name   string
		asked  time.Duration
		actual *verdict.Interval
		needs  int
	}{{"p50", c.P50, l.P50, 1}, {"p99", c.P99, l.P99, manyWrites}} {
		if q.asked == 0 {
			continue
		}
		grade, words := judge(q.actual, seconds(q.asked)), ""
		if l.Writes < q.needs {
			grade, words = verdict.Unknown, fmt.Sprintf(", for which it takes %d writes", q.needs)
		}
		if f.Actual == nil || worse(f.Grade, grade) != f.Grade {
			f.Grade, f.Objective, f.Actual = grade, seconds(q.asked), q.actual
		}
		said = append(said, fmt.Sprintf("%s %s (objective %s%s)", q.name, against(q.actual, seconds(q.asked)),
			asked(q.asked), words))
	}
	f.Summary = fmt.Sprintf("%s from %s were in %s after %s", plural(l.Writes, "write"), l.From, l.To,
		strings.Join(said, ", "))
	if l.Pending > 0 {
		f.Summary += "; never seen there: " + plural(l.Pending, "write")
	}
	if c.Fault != "" {
		f.Summary = under(h, c.Fault) + f.Summary
	}
	return f
}

// worse is the grade of two that stands for both.
func worse(a, b verdict.Grade) verdict.Grade {
	for _, g := range []verdict.Grade{verdict.Fail, verdict.Unknown} {
		if a == g || b == g {
			return g
		}
	}
	return verdict.Pass
}
