package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// actionState is what became of an action of the plan. Each instant is nil where it didn't come to it.
type actionState struct {
	history.Action
	requested, done, undone, failed *history.Instant
	why                             string // it failed
}

// note takes in a change of the action.
func (a *actionState) note(at history.Instant, c *history.Change) {
	switch c.Change {
	case history.Requested:
		a.requested = &at
	case history.Done:
		a.done = &at
	case history.Undone:
		a.undone = &at
	case history.Failed:
		a.failed, a.why = &at, clean(c.Detail)
	}
}

// what it is, for people.
func (a *actionState) what() string {
	if a.Summary == "" {
		return clean(a.Kind)
	}
	return clean(a.Summary)
}

// tookLong is from when on it is told how long an action took.
const tookLong = history.Instant(time.Second / time.Microsecond)

// state is what became of it, with its instants: "done at 12.0 s, undone at 32.0 s". Empty where it was never
// requested.
func (a *actionState) state() string {
	var said []string
	if a.done != nil && a.requested != nil {
		did := "done at " + second(*a.done)
		if took := *a.done - *a.requested; took > tookLong {
			did += ", " + second(took) + " after it was requested"
		}
		said = append(said, did)
	}
	if a.undone != nil {
		said = append(said, "undone at "+second(*a.undone))
	}
	switch {
	case a.failed != nil && a.done != nil:
		said = append(said, detailed("undoing it failed at "+second(*a.failed), a.why))
	case a.failed != nil:
		said = append(said, detailed("failed at "+second(*a.failed), a.why))
	case a.done == nil && a.requested != nil:
		said = append(said, "requested at "+second(*a.requested)+", and nobody saw it done")
	}
	return strings.Join(said, ", ")
}

func second(at history.Instant) string { return fmt.Sprintf("%.1f s", at.Seconds()) }

// actionStates are the actions of the plan, with what became of each.
func (d *drill) actionStates() []*actionState {
	var all []*actionState
	by := map[string]*actionState{}
	for _, a := range d.h.Plan.Actions {
		all = append(all, &actionState{Action: a})
		by[a.Name] = all[len(all)-1]
	}
	for _, e := range d.h.Events {
		if e.Action != nil && by[e.Action.Name] != nil {
			by[e.Action.Name].note(e.At, e.Action)
		}
	}
	return all
}

// acted has a line for each action that happened: "swap (the only ACS is that of eu-west-1) done at 12.0 s".
func (d *drill) acted() []string {
	var lines []string
	for _, a := range d.actionStates() {
		if state := a.state(); state != "" {
			lines = append(lines, fmt.Sprintf("%s (%s) %s", clean(a.Name), a.what(), state))
		}
	}
	return lines
}

type actionRow struct{ Name, What, Asked, Requested, Done, Undone, Failed string }

func (d *drill) actionRow(a *actionState) actionRow {
	row := actionRow{Name: words(a.Name), What: words(a.what()), Asked: "at " + asked(a.After, a.At),
		Requested: instant(inSeconds(a.requested)), Done: instant(inSeconds(a.done)), Undone: instant(inSeconds(a.undone))}
	if a.For > 0 {
		row.Asked += " for " + exactOf(a.For)
	} else if a.done != nil && d.h.End != nil && d.h.End.Undone {
		row.Undone = "after the run"
	}
	if a.failed != nil {
		row.Failed = words(sentence(detailed(fmt.Sprintf("Failed at %.3f s", a.failed.Seconds()), a.why)))
	}
	return row
}

func inSeconds(at *history.Instant) *verdict.Seconds {
	if at == nil {
		return nil
	}
	s := verdict.Seconds(at.Seconds())
	return &s
}

// act draws one action in a row of labels of its own: when it was done, or failed, and until when it lasted.
func (p *plot) act(a *actionState, row int) {
	s := shade{Name: words(a.Name), Class: "action", LabelY: unit(8 + labelHeight*float64(row) + 4)}
	at, name := a.done, "done"
	if at == nil {
		at, name = a.failed, "failed"
	}
	if at == nil {
		return
	}
	begin := at.Seconds()
	end := begin
	s.From = s.Name + " " + name + " at " + unit2(begin)
	s.Lines = []rule{p.actLine(name, s.Name, begin)}
	s.Mark = diamond(p.x(begin), p.top)
	if a.done != nil && a.For > 0 {
		end = p.to
		if a.undone != nil {
			end = a.undone.Seconds()
			s.To = "undone at " + unit2(end)
			s.Lines = append(s.Lines, p.actLine("undone", s.Name, end))
		}
		s.X, s.W = unit(p.x(begin)), unit(max(0.5, p.x(end)-p.x(begin)))
	}
	s.place(p.x(begin), p.x(end))
	p.chart.Shades = append(p.chart.Shades, s)
	p.acted = append(p.acted, s.Name+" "+words(a.state())+".")
}

func (p *plot) actLine(class, name string, at float64) rule {
	return rule{unit(p.x(at)), class, fmt.Sprintf("%s: %s at %.3f s", name, class, at)}
}

func diamond(x, y float64) string {
	return "M" + unit(x) + " " + unit(y-5) + "l4.5 5l-4.5 5l-4.5-5z"
}
