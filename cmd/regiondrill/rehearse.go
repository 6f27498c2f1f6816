package main

import (
	"context"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/report"
)

// rehearsed tells what came of a rehearsal: what would be touched, whether people get in as long as all is well, and of
// each fault how long it took to lay and to take back. It returns an exit code.
func (s *session) rehearsed(_ context.Context, f *finished) int {
	r, err := s.runner().Load(f.dir)
	if err != nil {
		s.complain(err)
		return exitBroken
	}
	rehearsal, err := engine.ReadRehearsal(r.History)
	if err != nil {
		s.complain(err)
		return exitUnknown
	}
	text := s.page()
	text.rehearsal(f.compiled, rehearsal, s.touched(f.compiled))
	s.warn(s.print(text))
	if !rehearsal.Passed() {
		return exitUnknown
	}
	return exitPass
}

// rehearsal writes it for people.
func (t *page) rehearsal(c *compiled, r *engine.Rehearsal, touches []string) {
	t.paragraph("", fmt.Sprintf("%s was rehearsed in the %s: nobody was harmed, and nothing was measured",
		c.scenario.Name, c.plan.Record.Target))
	if r.Steady {
		t.paragraph("  ", "people get what they come for, as the warm-up showed")
	} else {
		t.paragraph("  ", "the drill would not begin, for its warm-up does not go well: "+r.Why)
	}
	var rows []string
	for _, f := range r.Faults {
		said := fmt.Sprintf("in force after %s, gone again after %s", took(f.Laid), took(f.Lifted))
		switch {
		case !r.Steady:
			said = "not tried"
		case f.Laid < 0 || f.Lifted < 0:
			said = "NOT PROVEN: " + f.Trouble
		}
		rows = append(rows, f.Name+"\t"+f.Summary+"\t"+said)
	}
	t.table("\nFaults", rows)
	t.table("\nWhat the drill touches", touches)
	if r.Passed() {
		t.paragraph("\n", "The same command without --rehearse does it.")
	}
}

// took is how long something took, for people: no canary is quicker than a millisecond.
func took(d time.Duration) string {
	if d < time.Millisecond {
		return "less than 1ms"
	}
	return report.Length(d)
}
