package report

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
)

// changed is a drill of one action, with its changes at 22, 23, … seconds; what failed says why.
func changed(lasts history.Instant, changes ...history.ChangeKind) *Report {
	h := &history.History{Plan: history.Plan{Actions: []history.Action{
		{Name: "swap", Kind: "toy", Summary: "the only ACS is Ireland's", At: history.Seconds(22), For: lasts}}}}
	for i, c := range changes {
		detail := ""
		if c == history.Failed {
			detail = "the provider is gone"
		}
		h.Events = append(h.Events, history.Event{At: history.Seconds(22 + float64(i)), Type: history.TypeAction,
			Action: &history.Change{Name: "swap", Change: c, Detail: detail}})
	}
	return &Report{History: h}
}

func TestWhatBecameOfAnAction(t *testing.T) {
	const asked, done, undone, failed = history.Requested, history.Done, history.Undone, history.Failed
	for _, c := range []struct {
		lasts   float64
		changes []history.ChangeKind
		want    string // in the text; empty: nothing
		row     string // requested, done, undone, failed
	}{
		{0, nil, "", "never never never -"},
		{0, []history.ChangeKind{asked}, "requested at 22.0 s, and nobody saw it done", "22.000 s never never -"},
		{0, []history.ChangeKind{asked, done}, "done at 23.0 s", "22.000 s 23.000 s after the run -"},
		{5, []history.ChangeKind{asked, done}, "done at 23.0 s", "22.000 s 23.000 s never -"},
		{5, []history.ChangeKind{asked, done, undone}, "done at 23.0 s, undone at 24.0 s", "22.000 s 23.000 s 24.000 s -"},
		{5, []history.ChangeKind{asked, failed}, "failed at 23.0 s: the provider is gone",
			"22.000 s never never Failed at 23.000 s: the provider is gone."},
		{5, []history.ChangeKind{asked, done, failed}, "done at 23.0 s, undoing it failed at 24.0 s: the provider is gone",
			"22.000 s 23.000 s never Failed at 24.000 s: the provider is gone."},
	} {
		r := changed(history.Seconds(c.lasts), c.changes...)
		r.History.End = &history.End{Reason: history.Completed, Undone: true}
		var want []string
		if c.want != "" {
			want = []string{"swap (the only ACS is Ireland's) " + c.want}
		}
		d := open(r)
		if got := d.acted(); !slices.Equal(got, want) {
			t.Errorf("%v is told as %q, not %q", c.changes, got, want)
		}
		row := d.actionRow(d.actionStates()[0])
		if got := strings.Join([]string{row.Requested, row.Done, row.Undone, cmp.Or(row.Failed, "-")}, " "); got != c.row {
			t.Errorf("%v has the row %q, not %q", c.changes, got, c.row)
		}
	}
}

// Each change of an action is a line of the plain view, and what it does is said once: where it is done.
func TestActionsInPlainLines(t *testing.T) {
	r := changed(history.Seconds(5), history.Requested, history.Done, history.Undone, history.Failed)
	b := newBoard()
	b.note(history.Event{Plan: &r.History.Plan})
	var got []string
	for _, e := range r.History.Events {
		got = append(got, b.note(e))
	}
	want := []string{"  +22.0 s  swap: requested.", "  +23.0 s  swap: done: the only ACS is Ireland's.",
		"  +24.0 s  swap: undone.", "  +25.0 s  swap: failed: the provider is gone."}
	if !slices.Equal(got, want) {
		t.Errorf("it says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if b.length != history.Seconds(27) {
		t.Errorf("the drill is taken to last %v s, though an action lasts until 27", b.length)
	}
}

// Every label of a chart stands alone in its row, or beside another with room between them.
func TestLabelsOfActionsDontCollide(t *testing.T) {
	r := sample(t, "acs-swap")
	h := r.History
	for i, at := range []float64{9.9, 22, 40, 59.9} { // close to other labels, and to the edge
		name := "action-" + string(rune('a'+i))
		h.Plan.Actions = append(h.Plan.Actions, history.Action{Name: name, Kind: "toy",
			At: history.Seconds(at), For: history.Seconds(0.1)})
		for k, c := range []history.ChangeKind{history.Done, history.Undone} {
			h.Events = append(h.Events, history.Event{At: history.Seconds(at + 0.1*float64(k)), Type: history.TypeAction,
				Action: &history.Change{Name: name, Change: c}})
		}
	}
	rows := map[string]int{}
	shades := open(r).charts()[0].Shades
	for _, s := range shades {
		if rows[s.LabelY]++; rows[s.LabelY] > 1 {
			t.Errorf("two stand in the row at %s", s.LabelY)
		}
		if s.Class == "action" && s.Name != "swap" && s.To != "" {
			t.Errorf("%q and %q would lie on each other", s.From, s.To)
		}
	}
	if len(shades) != 6 || !bytes.Contains(export(t, "report.html", r), []byte(`class="shade action"`)) {
		t.Errorf("%d shades", len(shades))
	}
}
