package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Outcome passes when an action came to the end that is asked for: that it was done, and within a time where one is
// said, or that the system did not do it.
type Outcome struct {
	Action string        `yaml:"action" required:"true" doc:"the action that is judged"`
	Expect string        `yaml:"expect" enum:"done,failed" doc:"done: the system did it; failed: the system refused it, or it never got there"`
	Reason string        `yaml:"reason" example:"ServiceQuotaExceededException" doc:"with expect: failed, what must stand in the system's answer; if not said, any will do"`
	Within time.Duration `yaml:"within" min:"0s" max:"24h" example:"10s" doc:"how long it may take, from when it was asked for; 0s: as long as it likes"`
}

func newOutcome() Check { return &Outcome{Expect: string(history.Done)} }

// Subject of the check.
func (c *Outcome) Subject() Subject {
	title := c.Action + " is done"
	if c.Expect == string(history.Failed) {
		title = c.Action + " fails"
	}
	return Subject{Title: title, Measure: verdict.ActionTime}
}

// Problems of the check.
func (c *Outcome) Problems(p *history.Plan) []Problem {
	if c.Reason != "" && c.Expect != string(history.Failed) {
		return []Problem{{Key: "reason", Sentence: "what is done has no reason to fail; say expect: failed too"}}
	}
	if p.Action(c.Action) != nil || c.Action == "" {
		return nil
	}
	var names []string
	for _, a := range p.Actions {
		names = append(names, a.Name)
	}
	return []Problem{{Key: "action", Sentence: fmt.Sprintf("no action is called %q", c.Action), Unknown: c.Action,
		Among: names}}
}

// Check judges what the history has of the action.
func (c *Outcome) Check(h *history.History, _ *verdict.Measures) verdict.Finding {
	asked, ended := c.change(h, history.Requested), c.change(h, history.Done, history.Failed)
	if asked == nil || ended == nil {
		return unmeasured(fmt.Sprintf("nobody can say: %s was never %s", c.Action,
			map[bool]string{true: "asked for", false: "done, nor did it fail"}[asked == nil]))
	}
	took := verdict.Seconds((ended.At - asked.At).Seconds())
	f := verdict.Finding{Grade: verdict.Pass, Actual: took, Evidence: []int64{asked.Seq, ended.Seq}}
	said, should := "was done", "; it should have failed"
	if ended.Action.Change == history.Failed {
		said, should = "failed", "; it should have been done"
	}
	f.Summary = fmt.Sprintf("%s %s after %s", c.Action, said, span(took))
	if ended.Action.Detail != "" {
		f.Summary += ": " + ended.Action.Detail
	}
	if c.Within > 0 {
		f.Objective = seconds(c.Within)
	}
	switch late := c.Within > 0 && took > seconds(c.Within); {
	case string(ended.Action.Change) != c.Expect:
		f.Grade = verdict.Fail
		f.Summary += should
	case !strings.Contains(ended.Action.Detail, c.Reason):
		f.Grade = verdict.Fail
		f.Summary += fmt.Sprintf("; the reason should have been %s", c.Reason)
	case late:
		f.Grade = verdict.Fail
		f.Summary += fmt.Sprintf(", which misses the objective of %s", span(seconds(c.Within)))
	}
	return f
}

// change is the first of the action's changes that is one of these; nil where there is none.
func (c *Outcome) change(h *history.History, changes ...history.ChangeKind) *history.Event {
	for i := range h.Events {
		e := &h.Events[i]
		if e.Action != nil && e.Action.Name == c.Action && slices.Contains(changes, e.Action.Change) {
			return e
		}
	}
	return nil
}
