package report

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// marks show a grade by a sign and a colour; the sign alone is enough.
var marks = map[verdict.Grade]struct{ sign, colour string }{
	verdict.Pass: {"✓", "32"}, verdict.Fail: {"✗", "31"}, verdict.Unknown: {"?", "33"}, verdict.Skipped: {"–", "2"},
}

// writer of the text. Its colour is used sparingly: for grades and for what a reader looks for first.
type textWriter struct {
	b strings.Builder
	TextOptions
}

// TextOptions say how Text is to look.
type TextOptions struct {
	Color bool // by ANSI's escapes
	Width int  // of the widest line, in columns; 0 is 100
}

// Text writes the outcome of a drill for a terminal or a log, in words a manager understands. Its error is that of w.
func Text(w io.Writer, r *Report, opts TextOptions) error {
	if opts.Width == 0 {
		opts.Width = unseen
	}
	d, t := open(r), &textWriter{TextOptions: opts}
	if d.set != nil {
		return RepetitionText(w, d.set, opts, append(slices.Clip(r.Places), d.places()...)...)
	}
	t.headline(d)
	if said := skippedProbes(&d.h.Plan); said != "" {
		t.paragraph("", said)
	}
	for i, said := range d.acted() {
		if i == 0 {
			t.b.WriteByte('\n')
		}
		t.paragraph("", sentence(said))
	}
	for i := range d.Recoveries {
		t.recovery(d, &d.Recoveries[i])
	}
	for i, said := range d.behind() {
		if i == 0 {
			t.b.WriteString("\n" + t.paint("1", "Behind") + "\n")
		}
		t.paragraph("  · ", sentence(said))
	}
	t.findings(d)
	t.validity(d)
	if said := kmsWords(d.KMS); said != "" {
		t.b.WriteByte('\n')
		t.paragraph("KMS  ", clean(said))
	}
	if d.out != "" {
		fmt.Fprintf(&t.b, "\nReport  %s\n", clean(filepath.Join(d.out, "report.html"))) // a path is never broken in two
	}
	if !d.undone() {
		t.b.WriteByte('\n')
		t.paragraph("", t.paint("31;1", "NOT EVERYTHING WAS UNDONE.")+" Run: regiondrill recover "+clean(quote(d.dir)))
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// Line is the outcome of a drill in one line.
func Line(r *Report) string {
	d := open(r)
	return gradeWord(d.Grade) + ": " + d.headline()
}

// Tally counts the outcomes of several drills in words: "5 of 5 passed", "3 of 5 passed, 1 failed, 1 unknown".
func Tally(reports []*Report) string {
	count := map[verdict.Grade]int{}
	for _, d := range openAll(reports) {
		count[gradeOf(d.Grade)]++
	}
	said := fmt.Sprintf("%d of %d passed", count[verdict.Pass], len(reports))
	for _, other := range []struct {
		grade verdict.Grade
		word  string
	}{{verdict.Fail, "failed"}, {verdict.Unknown, "unknown"}, {verdict.Skipped, "skipped"}} {
		if n := count[other.grade]; n > 0 {
			said += fmt.Sprintf(", %d %s", n, other.word)
		}
	}
	return said
}

func (t *textWriter) paint(colour, s string) string {
	if !t.Color || s == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func (t *textWriter) headline(d *drill) { t.outcome(d.Grade, d.headline()) }

// outcome writes a sentence behind the word of its grade.
func (t *textWriter) outcome(grade verdict.Grade, words string) {
	t.spoken(grade, gradeWord(grade), words)
}

// spoken is outcome by another word for the grade.
func (t *textWriter) spoken(grade verdict.Grade, word, words string) {
	for i, line := range wrap(word+": "+words, t.Width) {
		if i == 0 {
			line = t.paint("1;"+marks[gradeOf(grade)].colour, word) + strings.TrimPrefix(line, word)
		}
		t.b.WriteString(line + "\n")
	}
}

func gradeOf(g verdict.Grade) verdict.Grade {
	if _, ok := gradeWords[g]; ok {
		return g
	}
	return verdict.Unknown
}

// paragraph writes words under a label, each line indented as far as the first.
func (t *textWriter) paragraph(label, words string) {
	indent := strings.Repeat(" ", len([]rune(label)))
	for i, line := range wrap(words, t.Width-len(indent)) {
		if i == 0 {
			t.b.WriteString(label + line + "\n")
		} else {
			t.b.WriteString(indent + line + "\n")
		}
	}
}

// recovery writes how one probe got over one fault. A probe that lost nothing needs one line.
func (t *textWriter) recovery(d *drill, r *verdict.Recovery) {
	objective, grade := d.objective(r.Probe, r.Fault)
	title := clean(r.Probe) + " and " + clean(d.h.Plan.Called(r.Fault))
	t.b.WriteString("\n")
	for _, line := range wrap(title, t.Width) {
		t.b.WriteString(t.paint("1", line) + "\n")
	}
	const label = "  %-15s "
	line := func(name, words string) { t.paragraph(fmt.Sprintf(label, name), clean(words)) }
	line("recovery time", recoveryWords(r, objective, d.believed(grade)))
	if r.EndedBy != verdict.None {
		line("back", d.endedWords(r))
	}
	if p := parts(r.Phases, d.h.Plan.Words(r.Probe)); p != nil {
		var said []string
		for _, part := range p {
			said = append(said, part.Name+" "+span(part.Took))
		}
		line("in which", strings.Join(said, " + "))
		if said := d.before(r); said != "" {
			line("", said)
		}
	}
	if r.Flaps > 0 {
		line("unsteady", fmt.Sprintf("%s back again before it held", plural(r.Flaps, "time")))
	}
	if len(r.Doubts) > 0 && r.RecoveryTimeActual != nil {
		line("in doubt", strings.Join(r.Doubts, "; "))
	}
	if len(r.AlsoInForce) > 0 {
		line("with it", strings.Join(r.AlsoInForce, ", ")+" in force as well")
	}
	if r.Effective != nil {
		line("the loss", d.lossWords(r))
	}
	if r.Failback != nil && !strings.HasPrefix(d.endedWords(r), "not interrupted") {
		line("back home", d.failbackWords(r))
	}
}

// recoveryWords says the number: actual against objective, and never the one for the other.
func recoveryWords(r *verdict.Recovery, objective *verdict.Seconds, grade verdict.Grade) string {
	actual := "actual " + boundsAgainst(r.RecoveryTimeActual, objective)
	if r.RecoveryTimeActual != nil && r.EndedBy == verdict.None {
		actual = "not interrupted: what is shorter than " + ceil(*r.RecoveryTimeActual.Upper) + " could not be seen"
	}
	if objective == nil {
		return actual + " (no objective)"
	}
	met := map[verdict.Grade]string{verdict.Pass: ": met", verdict.Fail: ": missed",
		verdict.Unknown: ": not proven"}[grade]
	return actual + " vs objective " + exact(*objective) + met
}

func (d *drill) failbackWords(r *verdict.Recovery) string {
	said := "the home Region carried people again after " + bounds(r.Failback)
	switch watched, untold := d.watchedHome(r); {
	case untold:
		said = "can't be told: that they stay needs a longer look than the " + floor(watched) + " after the fault had ended"
	case r.Failback.Upper == nil:
		said = "the home Region was not seen to carry people again for good, at least not within " + floor(r.Failback.Lower)
	}
	if r.FailbackDisruption > 0 {
		said += "; " + plural(r.FailbackDisruption, d.h.Plan.Words(r.Probe).One) + " failed on the way"
	}
	return said
}

func (t *textWriter) findings(d *drill) {
	if len(d.Findings)+len(d.Invariants) == 0 {
		return
	}
	t.b.WriteString("\n" + t.paint("1", "Findings") + "\n")
	for _, f := range d.Findings {
		words := sentence(f.Summary)
		if f.Grade == verdict.Skipped { // its sentence is about the run, not about whom it names
			words = clean(f.Name) + ": " + words
		}
		t.mark(f.Grade, words)
	}
	for _, i := range d.Invariants {
		t.mark(i.Grade, sentence(invariantWords(&i)))
	}
}

// mark writes one finding: its sign, its grade in words where that is not pass, and its sentence.
func (t *textWriter) mark(g verdict.Grade, words string) {
	m := marks[gradeOf(g)]
	if g != verdict.Pass {
		words = strings.ToLower(gradeWord(g)) + ": " + words
	}
	for i, line := range wrap(words, t.Width-4) {
		sign := " "
		if i == 0 {
			sign = t.paint(m.colour, m.sign)
		}
		t.b.WriteString("  " + sign + " " + line + "\n")
	}
}

func (t *textWriter) validity(d *drill) {
	if d.Grade == verdict.Skipped {
		return // nothing was measured
	}
	defer func() {
		t.advice(d)
		if d.drawn() {
			t.b.WriteByte('\n')
			t.paragraph("", oneDraw())
		}
	}()
	if d.Validity.Grade == verdict.Pass && len(d.Validity.Notes) == 0 {
		t.b.WriteString("\nThe measurement is valid.\n")
		return
	}
	said := "The measurement is valid, with remarks:"
	if d.Validity.Grade != verdict.Pass {
		said = "The measurement is not valid:"
	}
	t.b.WriteString("\n" + t.paint("1", said) + "\n")
	for _, note := range d.notes() {
		t.paragraph("  · ", sentence(note))
	}
}

// advice says what to do about a drill that did not pass. An address stands on a line of its own, whole, to be copied.
func (t *textWriter) advice(d *drill) {
	for i, said := range d.advice() {
		if i == 0 {
			t.b.WriteString("\n" + t.paint("1", "What to do") + "\n")
		}
		t.paragraph("  → ", sentence(address.ReplaceAllString(said, "the address below")))
		for _, at := range address.FindAllString(clean(said), -1) {
			t.b.WriteString("    " + at + "\n")
		}
	}
}
