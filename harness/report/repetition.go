package report

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// WriteRepetition writes repetition.json.
func WriteRepetition(w io.Writer, r *repetition.Result) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// RepetitionText writes what many drills of one scenario conclude together, as Text does of one; places are lines of
// where to read more. Its error is that of w.
func RepetitionText(w io.Writer, r *repetition.Result, opts TextOptions, places ...Place) error {
	if opts.Width == 0 {
		opts.Width = unseen
	}
	t := &textWriter{TextOptions: opts}
	t.outcome(r.Grade, RepetitionLine(r))
	for i := range r.Objectives {
		t.objective(&r.Objectives[i])
	}
	for i, d := range discardedOf(r) {
		if i == 0 {
			t.b.WriteString("\n" + t.paint("1", "Discarded") + "\n")
		}
		t.paragraph("  · ", d.which()+": "+sentence(clean(d.why)))
	}
	for i, p := range places {
		if i == 0 {
			t.b.WriteByte('\n')
		}
		fmt.Fprintf(&t.b, "%-11s  %s\n", p.What, clean(p.Where)) // a path is never broken in two
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// discarded are drills that count nowhere, all for one reason.
type discarded struct {
	drills []int // from 1
	why    string
}

// discardedOf are those of a set, by their reasons: of a thousand drills nobody reads the same hundred times.
func discardedOf(r *repetition.Result) []discarded {
	var all []discarded
	for i, run := range r.Runs {
		at := slices.IndexFunc(all, func(d discarded) bool { return d.why == run.Discarded })
		switch {
		case run.Discarded == "":
		case at < 0:
			all = append(all, discarded{[]int{i + 1}, run.Discarded})
		default:
			all[at].drills = append(all[at].drills, i+1)
		}
	}
	return all
}

// which names them, the first few where they are many.
func (d discarded) which() string {
	const most = 10
	var names []string
	for i, n := range d.drills {
		if i == most {
			names = append(names, group(len(d.drills)-most)+" more")
			break
		}
		names = append(names, group(n))
	}
	last := len(names) - 1
	if last == 0 {
		return "drill " + names[0]
	}
	return "drills " + strings.Join(names[:last], ", ") + " and " + names[last]
}

// Place is where something is to be found.
type Place struct{ What, Where string }

// places are those of what a set leaves.
func (d *drill) places() []Place {
	if d.out == "" {
		return nil
	}
	return []Place{{"Report", filepath.Join(d.out, setPage)}, {"All of them", filepath.Join(d.out, repetition.File)}}
}

// RepetitionLine is that in one sentence, and in another why fewer drills were run than asked for.
func RepetitionLine(r *repetition.Result) string { return clean(r.Scenario) + ", " + setLine(r) }

func setLine(r *repetition.Result) string {
	said := setOutcome(r)
	if stopped := stoppedWords(r); stopped != "" {
		said += " " + sentence(first(stopped))
	}
	return said
}

func setOutcome(r *repetition.Result) string {
	said := plural(len(r.Runs), "drill")
	if n := len(r.Runs) - r.Counted; n > 0 {
		said += fmt.Sprintf(", %d of them discarded", n)
	}
	switch {
	case r.Counted == 0:
		return said + "; nothing was measured."
	case len(r.Objectives) == 0:
		return said + "; the scenario asks for nothing."
	}
	if o := leading(r); o != nil {
		return said + "; " + clean(o.Name) + " was " + metWords(o) + "."
	}
	return said + "."
}

func metWords(o *repetition.Objective) string {
	said := fmt.Sprintf("met in %d of %d", o.Met, o.Met+o.Missed+o.Unknown)
	if o.Unknown > 0 {
		said += unknownWords(o)
	}
	return said
}

// unknownWords say of how many drills it can't be told whether the objective is met; and why, where that is the same of
// all.
func unknownWords(o *repetition.Objective) string {
	across := 0
	if o.Times != nil && o.Within != nil {
		for _, s := range o.Times.Drills {
			if s.Grade == verdict.Unknown && s.Lower < *o.Within && s.Upper != nil && *s.Upper > *o.Within {
				across++
			}
		}
	}
	if across == o.Unknown {
		return fmt.Sprintf(" (%d can't be told: the objective lies within their bounds)", o.Unknown)
	}
	return fmt.Sprintf(" (%d can't be told)", o.Unknown)
}

// objective writes one check over all drills.
func (t *textWriter) objective(o *repetition.Objective) {
	t.b.WriteString("\n" + t.paint("1", clean(o.Name)) + "\n")
	t.paragraph("  objective  ", objectiveWords(o)+metWords(o)+map[bool]string{true: "; " + sureWords(o)}[o.Answer == ""])
	switch o.Answer {
	case "":
	case inference.Met, inference.NotMet:
		t.paragraph("  answer     ", string(o.Answer)+": "+sureWords(o))
	default:
		t.paragraph("  answer     ", sureWords(o))
	}
	if o.Times != nil {
		t.times(o)
		t.spread(o.Times)
	}
	if p := o.Phases; p != nil {
		said := ""
		for i, part := range parts(&p.Phases, history.Words{}) {
			if i > 0 {
				said += ", "
			}
			said += part.Name + " " + span(part.Took)
		}
		t.paragraph("  in which   ", said+" (medians)")
	}
	if o.Times != nil && o.Times.Tail != nil {
		t.paragraph("  its tail   ", tailWords(o.Times.Tail))
	}
}

func objectiveWords(o *repetition.Objective) string {
	if o.Objective == nil {
		return ""
	}
	return value(o.Objective) + ", "
}

// times writes how long it took.
func (t *textWriter) times(o *repetition.Objective) {
	times, never := o.Times, lapseOf(o.Measure)
	said := "not to be told: half of them or more " + never.Never
	if times.Median != nil {
		said = span(*times.Median) + " (median; " + medianBounds(times, o.Confidence) + ")"
	}
	t.paragraph("  typical    ", said)
	switch {
	case times.Min == nil:
		return
	case times.Max == nil:
		said = "from " + ceil(*times.Min) + " on"
	default:
		said = verdict.Between(ceil(*times.Min), ceil(*times.Max)) // they are upper bounds, as each drill's own is
	}
	if times.P95 != nil {
		said += ", 95 in 100 of them within " + ceil(*times.P95)
	}
	if times.NeverRecovered > 0 {
		said += fmt.Sprintf("; %d of %d %s %s", times.NeverRecovered, times.N, never.Never, never.While)
	}
	t.paragraph("  all        ", said)
}
