package checks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Flaps passes when people, once back, were thrown out again at most so often.
type Flaps struct {
	pair   `yaml:",inline"`
	AtMost int `yaml:"at_most" min:"0" max:"1000" doc:"how often they may be back without its lasting"`
}

// Subject of the check.
func (c *Flaps) Subject() Subject {
	return Subject{Title: fmt.Sprintf("flaps of %s during %s", c.Probe, c.Fault), Probe: c.Probe, Fault: c.Fault,
		Measure: "flaps", Window: verdict.Fault, Gated: true}
}

// Problems of the check.
func (c *Flaps) Problems(p *history.Plan) []Problem { return c.known(p) }

// Check counts. What was not measured is unknown, never passed.
func (c *Flaps) Check(_ *history.History, m *verdict.Measures) verdict.Finding {
	r := m.Recovery(c.Probe, c.Fault)
	switch {
	case r == nil || r.Effective == nil:
		return unmeasured(fmt.Sprintf("nobody can say: %s was never proven in force", c.Fault))
	case len(r.Doubts) > 0:
		return doubted(r)
	}
	f := verdict.Finding{Grade: verdict.Pass, Objective: c.AtMost, Actual: r.Flaps, Evidence: r.Evidence,
		Summary: fmt.Sprintf("%s were back and out again %s (objective %d)", c.Probe, plural(r.Flaps, "time"), c.AtMost)}
	if r.Flaps > c.AtMost {
		f.Grade = verdict.Fail
	}
	return f
}

// The check of docs/extending.md is one, on a history worked by hand.
func TestTheCheckOfThePage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "analysis", "testdata", "flagship.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), "-- history.jsonl --\n")
	text, _, _ := strings.Cut(after, "\n-- ")
	h, err := history.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{
		{"flaps", "people who are back stay back, but for a number of times", []string{
			`{"probe": "staff", "fault": "virginia-dark"}`,
		}, func() Check { return &Flaps{} }},
	} {
		c := kind.New()
		c.(*Flaps).pair = pair{Probe: "staff", Fault: "virginia-dark"}
		harnesstest.Check(t, kind.Name, kind.Doc, c, h, measure.Measure(h))
		if f := c.Check(h, measure.Measure(h)); f.Grade != verdict.Pass || len(c.Problems(&h.Plan)) > 0 {
			t.Errorf("it says %q: %q", f.Grade, f.Summary)
		}
	}
}
