package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// maxSummary bounds summary.md in bytes: GitHub refuses a step's summary above 1024 KiB, and others may append to it.
const maxSummary = 1000 << 10

// signs are the grades for Markdown, where colour can't be had otherwise.
var signs = map[verdict.Grade]string{verdict.Pass: "✅", verdict.Fail: "❌", verdict.Unknown: "❔", verdict.Skipped: "⏭️"}

// writeSummary writes summary.md in GitHub's flavour of Markdown, made to be appended to $GITHUB_STEP_SUMMARY.
func writeSummary(w io.Writer, reports []*Report) error {
	var b strings.Builder
	drills := openAll(reports)
	if len(drills) != 1 {
		fmt.Fprintf(&b, "# %s %d drills: %s\n\n", signs[Overall(reports)], len(drills), gradeWord(Overall(reports)))
		b.WriteString("| | drill | outcome |\n|---|---|---|\n")
		for _, d := range drills {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", signs[gradeOf(d.Grade)], md(d.name()), md(short(d.headline(), 600)))
		}
		b.WriteString("\n")
	}
	for _, d := range drills {
		part := d.summary()
		if b.Len()+len(part) > maxSummary {
			b.WriteString(cut(part, maxSummary-b.Len()))
			b.WriteString("\n\n*The rest was left out, because GitHub shows no more; it is in report.html.*\n")
			break
		}
		b.WriteString(part)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cut keeps whole lines of s, at most n bytes.
func cut(s string, n int) string {
	if n <= 0 {
		return ""
	}
	s = s[:min(n, len(s))]
	return s[:strings.LastIndexByte(s, '\n')+1]
}

// summary is the section of one drill.
func (d *drill) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s: %s\n\n%s\n\n", signs[gradeOf(d.Grade)], gradeWord(d.Grade), md(d.name()), md(d.headline()))
	if said := skippedProbes(&d.h.Plan); said != "" {
		fmt.Fprintf(&b, "> %s\n\n", md(said))
	}
	for _, said := range d.acted() {
		fmt.Fprintf(&b, "- %s\n", md(short(sentence(said), 2000)))
	}
	if len(d.acted()) > 0 {
		b.WriteString("\n")
	}
	if !d.undone() {
		fmt.Fprintf(&b, "> **Not everything was undone.** Run %s\n\n", code("regiondrill recover "+d.dir))
	}
	d.summaryRecoveries(&b)
	if len(d.Findings)+len(d.Invariants) > 0 {
		b.WriteString("| | finding | objective | actual | in words |\n|---|---|---|---|---|\n")
		for _, f := range d.Findings {
			fmt.Fprintf(&b, "| %s %s | %s | %s | %s | %s |\n", signs[gradeOf(f.Grade)], gradeOf(f.Grade), md(short(f.Name, 200)),
				value(f.Objective),
				measured(f.Actual), md(short(sentence(f.Summary), 2000)))
		}
		for _, i := range d.Invariants {
			fmt.Fprintf(&b, "| %s %s | %s | none | %d | %s |\n", signs[gradeOf(i.Grade)], gradeOf(i.Grade), md(i.Name),
				i.Violations, md(short(sentence(invariantWords(&i)), 2000)))
		}
		b.WriteString("\n")
	}
	summaryList(&b, "Behind", d.behind())
	summaryList(&b, "The measurement is "+
		map[bool]string{true: "valid, with remarks", false: "not valid"}[d.Validity.Grade == verdict.Pass], d.notes())
	summaryList(&b, "What to do", d.advice())
	if d.drawn() {
		fmt.Fprintf(&b, "%s\n\n", md(oneDraw()))
	}
	if said := kmsWords(d.KMS); said != "" {
		fmt.Fprintf(&b, "<sub>KMS: %s</sub>\n\n", md(short(said, 600)))
	}
	fmt.Fprintf(&b, "<sub>target %s · seed %d · version %s", md(d.Target), d.Seed, md(d.Version))
	if d.out != "" {
		fmt.Fprintf(&b, " · report in %s", md(d.out))
	}
	b.WriteString("</sub>\n\n")
	return b.String()
}

// summaryList writes sentences under a heading, and nothing where there are none.
func summaryList(b *strings.Builder, heading string, said []string) {
	if len(said) == 0 {
		return
	}
	fmt.Fprintf(b, "**%s:**\n\n", heading)
	for _, words := range said {
		fmt.Fprintf(b, "- %s\n", copyable(short(sentence(words), 2000)))
	}
	b.WriteString("\n")
}

// address is one that people are to copy.
var address = regexp.MustCompile(`https://[^\s,;)]+[^\s,;.)]`)

// copyable is md, but with addresses as code, which is shown as it is.
func copyable(words string) string {
	said, from := "", 0
	for _, at := range address.FindAllStringIndex(words, -1) {
		said += md(words[from:at[0]]) + code(words[at[0]:at[1]])
		from = at[1]
	}
	return said + md(words[from:])
}

func (d *drill) summaryRecoveries(b *strings.Builder) {
	if len(d.Recoveries) == 0 {
		return
	}
	fmt.Fprintf(b, "| who | fault | recovery time, actual | objective | back | %s lost | longer wait, median (worst) |\n"+
		"|---|---|---|---|---|---|---|\n", d.h.Plan.WordsOfAll().Many)
	for i := range d.Recoveries {
		r := &d.Recoveries[i]
		objective, _ := d.objective(r.Probe, r.Fault)
		fmt.Fprintf(b, "| %s | %s | **%s** | %s | %s | %d of %d | %s |\n", md(r.Probe), md(d.h.Plan.Called(r.Fault)),
			boundsAgainst(r.RecoveryTimeActual, objective),
			value(objective), md(d.endedWords(r)), r.Loss.Failed, r.Loss.Attempts, waited(r.Loss))
	}
	b.WriteString("\n")
	if r := d.headlineRecovery(); r != nil && r.Phases != nil {
		var said []string
		for _, p := range parts(r.Phases, d.h.Plan.Words(r.Probe)) {
			said = append(said, p.Name+" "+span(p.Took))
		}
		fmt.Fprintf(b, "%s: %s.\n\n", md(r.Probe), strings.Join(said, " + "))
	}
}

// waited is how much longer people waited, where that can be told.
func waited(l verdict.Loss) string {
	if !l.Compared || l.Failed >= l.Attempts {
		return "–"
	}
	return fmt.Sprintf("%s (%s)", span(l.ExtraMedian), span(l.ExtraMax))
}

// mdEscaper escapes what GitHub would take as markup, the start of a mention and of a link included.
var mdEscaper = strings.NewReplacer(
	"\\", "\\\\", "|", "\\|", "`", "\\`", "*", "\\*", "_", "\\_", "~", "\\~", "[", "\\[", "]", "\\]",
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "#", "\\#", "!", "\\!", "@", "@\u200b", "://", ":\u200b//", "$", "\\$",
)

// md makes words harmless in a paragraph or a table cell.
func md(s string) string { return mdEscaper.Replace(clean(s)) }

// code writes words as code.
func code(s string) string { return "`" + strings.ReplaceAll(clean(s), "`", "'") + "`" }
