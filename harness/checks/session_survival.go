package checks

import (
	"fmt"
	"slices"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// SessionSurvival passes when at least a share of the people who had a session when a fault came were served by it
// afterwards, and never told to sign in anew; and at most another, where it is expected that they lose it.
type SessionSurvival struct {
	pair  `yaml:",inline"`
	share `yaml:",inline"`
}

func newSessionSurvival() Check { return &SessionSurvival{share: share{AtMost: 1}} }

// Subject of the check.
func (c *SessionSurvival) Subject() Subject {
	return Subject{Title: fmt.Sprintf("sessions of %s survive %s", c.Probe, c.Fault), Probe: c.Probe, Fault: c.Fault,
		Window: verdict.After, Measure: verdict.SessionsKept}
}

// Problems of the check: its people must come back with the session that they have.
func (c *SessionSurvival) Problems(p *history.Plan) []Problem {
	problems := append(c.known(p), c.share.problems()...)
	if probe := p.Probe(c.Probe); probe != nil && probe.Journey != history.SessionKeep {
		problems = append(problems, Problem{Key: "probe", Sentence: "could not be measured: people of " + c.Probe +
			" don't come back with the session that they have; name a probe of kind session_keep"})
	}
	return problems
}

// Check judges the share, which is between those who were served and all but those who were told to sign in anew.
func (c *SessionSurvival) Check(h *history.History, m *verdict.Measures) verdict.Finding {
	all := verdict.Entries[verdict.SessionSurvival](m, "session_survivals")
	i := slices.IndexFunc(all, func(v verdict.SessionSurvival) bool { return v.Probe == c.Probe && v.Fault == c.Fault })
	if i < 0 || all[i].Share == nil {
		return unmeasured(fmt.Sprintf("nobody can say: nobody of %s was seen to have a session when %s came",
			c.Probe, c.Fault))
	}
	v := &all[i]
	f := verdict.Finding{Grade: c.grade(v.Kept, v.Kept+v.Unknown, v.People), Objective: c.objective(), Actual: v.Share,
		Evidence: v.Evidence}
	f.Summary = under(h, c.Fault) + fmt.Sprintf("of %d people of %s who had a session when %s came, %d went on with it "+
		"and %d had to sign in anew", v.People, c.Probe, c.Fault, v.Kept, v.Lost)
	if v.Unknown > 0 {
		f.Summary += fmt.Sprintf("; of %d nobody knows", v.Unknown)
	}
	f.Summary += fmt.Sprintf(" (objective %s)", c.asked())
	return f
}
