package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/comparison"
)

// maxComment bounds the Markdown in bytes: GitHub takes 65,536 characters as a comment.
const maxComment = 60_000

// ComparisonSummary writes a comparison in GitHub's flavour of Markdown, made to be a comment on a change.
func ComparisonSummary(w io.Writer, r *comparison.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s: %s\n\n%s\n\n", signs[r.Answer.Grade()], answerWord(r.Answer), md(r.Scenario),
		md(short(comparisonLine(r), 2000)))
	fmt.Fprintf(&b, "- **A** %s\n- **B** %s\n\n", md(short(sideWords(&r.A), 600)), md(short(sideWords(&r.B), 600)))
	summaryMeasures(&b, r.Decided(), r.Rule)
	if informing := r.Informing(); len(informing) > 0 {
		fmt.Fprintf(&b, "<details><summary>%s beside it</summary>\n\n", plural(len(informing), "measure"))
		summaryMeasures(&b, informing, r.Rule)
		b.WriteString("</details>\n\n")
	}
	summaryList(&b, "What differs", differenceWords(r.Differs))
	summaryList(&b, "Compared all the same, though not alike", differenceWords(r.Unlike))
	summaryList(&b, "Left out", leftOutWords(r))
	summaryList(&b, "Remarks", r.Notes)
	text := b.String()
	if len(text) > maxComment {
		text = cut(text, maxComment) + "\n*The rest was left out, because GitHub shows no more; it is in comparison.html.*\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

func summaryMeasures(b *strings.Builder, all []comparison.Measure, rule comparison.Rule) {
	if len(all) == 0 {
		return
	}
	b.WriteString("| | measure | A | B | shift | what counts |\n|---|---|---|---|---|---|\n")
	for _, m := range all {
		counts := ""
		if m.Unit != comparison.InMisses {
			counts = amount(float64(m.Effect), m.Unit, math.Round)
		}
		fmt.Fprintf(b, "| %s %s | %s | %s | %s | %s | %s |\n", signs[m.Answer.Grade()], m.Answer, md(short(m.Name, 200)),
			middleWords(&m.A, &m), middleWords(&m.B, &m), md(shiftSentence(&m, rule)), counts)
	}
	b.WriteString("\n")
}

// shiftSentence is a shift with its bounds, and what could be told where it can't be.
func shiftSentence(m *comparison.Measure, rule comparison.Rule) string {
	said := boundedShift(m, rule)
	if m.Answer == comparison.CantTell {
		said = strings.TrimPrefix(said+strings.Replace(needWords(m), ": ", "; ", 1), "; ")
	}
	return said
}

// ComparisonJUnit writes a comparison as JUnit: a case a measure. What decides and is worse is a failure, and so is
// what must be told and can't be, by another type; whatever informs passes. It keeps to the schema of StrictJUnit.
func ComparisonJUnit(w io.Writer, r *comparison.Result) error {
	name := "comparison of " + clean(r.Scenario)
	s := junitSuite{Name: name, Package: name, ID: new(int), Time: junitTime(0), Hostname: "localhost",
		Timestamp: newest(r).UTC().Format("2006-01-02T15:04:05"), Out: &junitOut{}, Err: &junitOut{}}
	s.Properties = []junitProperty{{"answer", string(r.Answer)}, {"a", sideWords(&r.A)}, {"b", sideWords(&r.B)}}
	for _, said := range differenceWords(r.Differs) {
		s.Properties = append(s.Properties, junitProperty{"differs", said})
	}
	taken := map[string]int{}
	for _, m := range append(r.Decided(), r.Informing()...) {
		c := junitCase{Classname: name, Name: clean(m.Name), Time: junitTime(0)}
		if taken[c.Name]++; taken[c.Name] > 1 {
			c.Name = fmt.Sprintf("%s (%d)", c.Name, taken[c.Name])
		}
		if m.Unit == comparison.InSeconds && m.B.Median != nil { // for a reader's trend of times
			c.Time = junitTime(*m.B.Median)
		}
		said := informedWords(&m) + needWords(&m)
		switch {
		case m.Decides && m.Answer == comparison.Worse:
			c.Failure = &junitReason{said, "worse", measureBody(&m, r.Rule)}
		case m.Decides && m.MustTell && m.Answer == comparison.CantTell:
			c.Failure = &junitReason{"unknown: " + said, "unknown", measureBody(&m, r.Rule)}
		default:
			s.Out.Text += said + "\n"
		}
		s.count(&c)
		s.Cases = append(s.Cases, c)
	}
	if len(s.Cases) == 0 { // a suite without a case is green
		said := comparisonLine(r)
		c := junitCase{Classname: name, Name: "something could be compared", Time: junitTime(0),
			Failure: &junitReason{"unknown: " + said, "unknown", said}}
		s.count(&c)
		s.Cases = append(s.Cases, c)
	}
	all := junitSuites{Suites: []junitSuite{s}}
	return all.write(w)
}

func measureBody(m *comparison.Measure, rule comparison.Rule) string {
	return fmt.Sprintf("A: %s\nB: %s\nshift: %s\n", valuesWords(&m.A, m), valuesWords(&m.B, m),
		shiftSentence(m, rule))
}

// newest is when the latest of the runs began.
func newest(r *comparison.Result) time.Time {
	var latest time.Time
	for _, s := range []*comparison.Side{&r.A, &r.B} {
		for _, run := range s.Runs {
			if run.Started.After(latest) {
				latest = run.Started
			}
		}
	}
	return latest
}
