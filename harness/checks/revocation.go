package checks

import (
	"fmt"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Revocation passes when somebody of whom an action has taken that they may sign in, or their sessions, gets in no more
// after a time, by whatever probe they come.
type Revocation struct {
	Action string        `yaml:"action" required:"true" doc:"the action that takes it"`
	Held   bool          `yaml:"held" doc:"sessions and credentials from before count too, which most actions don't take"`
	Within time.Duration `yaml:"within" required:"true" min:"1ms" max:"24h" doc:"the objective, counted from when the action is done"`
}

func newRevocation() Check { return &Revocation{} }

// Subject of the check.
func (c *Revocation) Subject() Subject {
	return Subject{Title: c.Action + " is enforced", Measure: verdict.RevocationTime}
}

// Problems of the check: nobody may come who could be refused.
func (c *Revocation) Problems(p *history.Plan) []Problem {
	var names []string
	for _, a := range p.Actions {
		names = append(names, a.Name)
	}
	a := p.Action(c.Action)
	switch {
	case c.Action == "":
		return nil
	case a == nil:
		return []Problem{{Key: "action", Sentence: fmt.Sprintf("no action is called %q", c.Action), Unknown: c.Action,
			Among: names}}
	case a.Revokes == "":
		return []Problem{{Key: "action", Sentence: c.Action + " takes nothing from anybody"}}
	case a.For > 0 && history.At(c.Within) > a.For:
		return []Problem{{Key: "within", Sentence: fmt.Sprintf("could not be measured: %s is undone after %v", c.Action,
			a.For.Duration())}}
	}
	return nil
}

// Check judges the worst of the probes by which they came.
func (c *Revocation) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	why := "nobody tried to get in after " + c.Action
	if !slices.ContainsFunc(h.Events, func(e history.Event) bool {
		return e.Action != nil && e.Action.Name == c.Action && e.Action.Change == history.Done
	}) {
		why = c.Action + " was never done"
	}
	worst := unmeasured("nobody can say: " + why)
	first, slowest := true, (*verdict.Interval)(nil)
	for _, r := range verdict.Entries[verdict.Revocation](m, "revocations") {
		if r.Action != c.Action {
			continue
		}
		took := r.Enforced
		if c.Held {
			took = longer(took, r.HeldFor)
		}
		if took == nil {
			continue
		}
		f := verdict.Finding{Grade: judge(took, seconds(c.Within)), Objective: seconds(c.Within), Actual: took,
			Evidence: r.Evidence}
		if f.Grade == verdict.Fail && stopped(h) {
			f.Grade = verdict.Unknown
		}
		f.Summary = c.said(m, &r, took, f.Grade)
		if first || worse(worst.Grade, f.Grade) != worst.Grade || worst.Grade == f.Grade && later(took, slowest) {
			worst, slowest, first = f, took, false
		}
	}
	return worst
}

// later tells whether one interval ends later than another.
func later(a, b *verdict.Interval) bool {
	return b.Upper != nil && (a.Upper == nil || *a.Upper > *b.Upper)
}

// longer is the interval of two that bounds when both are over.
func longer(a, b *verdict.Interval) *verdict.Interval {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	both := verdict.Interval{Lower: max(a.Lower, b.Lower)}
	if a.Upper != nil && b.Upper != nil {
		upper := max(*a.Upper, *b.Upper)
		both.Upper = &upper
	}
	return &both
}

func (c *Revocation) said(m *verdict.Measures, r *verdict.Revocation, took *verdict.Interval, g verdict.Grade) string {
	n := r.LetIn
	if c.Held {
		n += r.Held
	}
	said := fmt.Sprintf("%s, by %s, got in %s after %s was done", r.Person, r.Probe, plural(n, "time"), c.Action)
	switch {
	case took.Upper == nil:
		said += fmt.Sprintf(", and still %s after it", floor(took.Lower))
	case n == 0:
		said += fmt.Sprintf(", and was refused by %s", ceil(*took.Upper))
	default:
		said += fmt.Sprintf(", and no more %s after it", against(took, seconds(c.Within)))
	}
	switch g {
	case verdict.Pass:
		return said + fmt.Sprintf(" (objective %s)", asked(c.Within))
	case verdict.Fail:
		return said + missed(m, c.Within)
	}
	return said + fmt.Sprintf(", which can't be told from the objective of %s", asked(c.Within))
}
