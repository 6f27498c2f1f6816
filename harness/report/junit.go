package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// The elements of JUnit's XML as Jenkins, GitLab and GitHub's actions read them.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Hostname   string          `xml:"hostname,attr"`
		File       string          `xml:"file,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Classname string       `xml:"classname,attr"`
		Name      string       `xml:"name,attr"`
		Time      string       `xml:"time,attr"`
		File      string       `xml:"file,attr"`
		Failure   *junitReason `xml:"failure"`
		Error     *junitReason `xml:"error"`
		Skipped   *junitReason `xml:"skipped"`
		Out       *junitOut    `xml:"system-out"`
	}
	junitOut struct {
		Text string `xml:",cdata"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Body    string `xml:",cdata"`
	}
)

// writeJUnit writes junit.xml: a suite a drill, a case a finding. A missed objective is a failure, not to know is an
// error, what could not run is skipped.
func writeJUnit(w io.Writer, reports []*Report) error {
	all := junitSuites{Name: "regiondrill"}
	total := verdict.Seconds(0)
	seen := map[string]int{}
	for _, d := range openAll(reports) {
		s := d.junit(seen)
		all.Tests, all.Failures = all.Tests+s.Tests, all.Failures+s.Failures
		all.Errors, all.Skipped = all.Errors+s.Errors, all.Skipped+s.Skipped
		all.Suites = append(all.Suites, s)
		total += d.Seconds
	}
	all.Time = junitTime(total)
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("writing junit.xml: %w", err)
	}
	_, err = w.Write(append([]byte(xml.Header), append(b, '\n')...))
	return err
}

func junitTime(s verdict.Seconds) string { return fmt.Sprintf("%.3f", float64(s)) }

// junit makes the suite of a drill. seen counts the class names given so far: a drill that ran twice must not hide
// its second run, because GitLab keeps only the first of two cases of one name.
func (d *drill) junit(seen map[string]int) junitSuite {
	name := clean(d.name())
	class := name
	if seen[name]++; seen[name] > 1 {
		class = fmt.Sprintf("%s (%d)", name, seen[name])
	}
	s := junitSuite{Name: class, Time: junitTime(d.Seconds), Hostname: clean(d.Target), File: name + ".yaml",
		Properties: d.properties()}
	if !d.Started.IsZero() {
		s.Timestamp = d.Started.UTC().Format(time.RFC3339)
	}
	for _, f := range d.Findings {
		s.Cases = append(s.Cases, d.junitFinding(f))
	}
	for _, i := range d.Invariants {
		c := junitCase{Name: "invariant " + clean(i.Name)}
		c.grade(i.Grade, fmt.Sprintf("%s: %s", clean(i.Name), plural(i.Violations, "violation")), "")
		s.Cases = append(s.Cases, c)
	}
	s.Cases = append(s.Cases, d.junitMeasurement())
	names := map[string]int{}
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Classname, c.File, c.Time = class, s.File, junitTime(0)
		if names[c.Name]++; names[c.Name] > 1 {
			c.Name = fmt.Sprintf("%s (%d)", c.Name, names[c.Name])
		}
		s.count(c)
	}
	return s
}

func (s *junitSuite) count(c *junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// grade puts a grade where JUnit has it.
func (c *junitCase) grade(g verdict.Grade, message, body string) {
	switch g {
	case verdict.Pass:
	case verdict.Fail:
		c.Failure = &junitReason{message, "objective missed", body}
	case verdict.Skipped:
		c.Skipped = &junitReason{Message: message}
	default:
		c.Error = &junitReason{message, "unknown", body}
	}
}

func (d *drill) junitFinding(f verdict.Finding) junitCase {
	c := junitCase{Name: clean(f.Name)}
	message, body := clean(f.Summary), d.body(f)
	c.grade(f.Grade, message, body)
	out := ""
	if f.Grade == verdict.Pass {
		out = message + "\n" + body
	}
	for _, path := range d.pictures(f.Probe) {
		out += "[[ATTACHMENT|" + path + "]]\n"
	}
	c.say(out)
	return c
}

// body is what stands below the message: the numbers, and the lines of the history behind them.
func (d *drill) body(f verdict.Finding) string {
	var b strings.Builder
	if objective := value(f.Objective); objective != "" {
		fmt.Fprintf(&b, "objective: %s\nactual: %s\n", objective, measured(f.Actual))
	}
	if r := d.Recovery(f.Probe, f.Fault); r != nil && f.Measure == verdict.RecoveryTime {
		fmt.Fprintf(&b, "back: %s\nloss: %s\n", d.endedWords(r), d.lossWords(r))
		for _, p := range parts(r.Phases, d.h.Plan.Words(r.Probe)) {
			fmt.Fprintf(&b, "%s: %s\n", p.Name, span(p.Took))
		}
		for _, said := range d.acted() {
			fmt.Fprintf(&b, "action: %s\n", said)
		}
	}
	if len(f.Evidence) > 0 {
		fmt.Fprintf(&b, "lines of history.jsonl: %s\n", strings.Trim(fmt.Sprint(f.Evidence), "[]"))
	}
	return b.String()
}

// junitMeasurement is the case that makes an invalid measurement visible where every finding passed.
func (d *drill) junitMeasurement() junitCase {
	c := junitCase{Name: "the measurement is valid"}
	notes := strings.Join(append(d.notes(), oneDraw()), "\n")
	switch {
	case d.Grade == verdict.Skipped:
		c.grade(verdict.Skipped, clean(d.headline()), "")
	case !d.undone():
		c.grade(verdict.Unknown, "something could not be undone: regiondrill recover", notes)
	case d.Validity.Grade != verdict.Pass:
		c.grade(verdict.Unknown, clean(d.headline()), notes)
	default:
		c.say(notes)
	}
	return c
}

func (c *junitCase) say(out string) {
	if out != "" {
		c.Out = &junitOut{out}
	}
}

func (d *drill) properties() []junitProperty {
	p := []junitProperty{{"grade", string(gradeOf(d.Grade))}, {"target", clean(d.Target)}, {"seed", fmt.Sprint(d.Seed)},
		{"version", clean(d.Version)}, {"validity", string(gradeOf(d.Validity.Grade))}}
	if d.dir != "" {
		p = append(p, junitProperty{"folder", clean(d.dir)})
	}
	for _, r := range d.Recoveries {
		if r.RecoveryTimeActual != nil {
			p = append(p, junitProperty{fmt.Sprintf("recovery time actual of %s from %s", clean(r.Probe), clean(r.Fault)),
				bounds(r.RecoveryTimeActual)})
		}
	}
	return p
}

// pictures lists the artifacts of a probe that are still there, as paths that GitLab and Jenkins can open.
func (d *drill) pictures(probe string) []string {
	if d.folder == nil {
		return nil
	}
	var found []string
	for i := range d.h.Attempts {
		a := &d.h.Attempts[i]
		if a.Probe != probe {
			continue
		}
		for _, path := range a.Artifacts {
			if _, err := fs.Stat(d.folder, path); err == nil && isClean(path) && !slices.Contains(found, path) {
				found = append(found, path)
			}
		}
	}
	for i := range found {
		found[i] = clean(filepath.ToSlash(filepath.Join(d.dir, found[i])))
	}
	return found
}
