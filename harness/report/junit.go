package report

import (
	"cmp"
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

// The elements of JUnit's XML as Jenkins, GitLab and GitHub's actions read them, and as Ant's schema has them. What is
// a pointer here or may be empty stands in one of the two alone.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr,omitempty"`
		Tests    int          `xml:"tests,attr,omitempty"`
		Failures *int         `xml:"failures,attr"`
		Errors   *int         `xml:"errors,attr"`
		Skipped  *int         `xml:"skipped,attr"`
		Time     string       `xml:"time,attr,omitempty"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Package    string          `xml:"package,attr,omitempty"`
		ID         *int            `xml:"id,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Hostname   string          `xml:"hostname,attr"`
		File       string          `xml:"file,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        *junitOut       `xml:"system-out"`
		Err        *junitOut       `xml:"system-err"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Classname string       `xml:"classname,attr"`
		Name      string       `xml:"name,attr"`
		Time      string       `xml:"time,attr"`
		File      string       `xml:"file,attr,omitempty"`
		Failure   *junitReason `xml:"failure"`
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

// writeJUnit writes junit.xml: a suite a drill, a case a finding. A missed objective is a failure, and so is not to
// know, by another type: too many readers count a case that bears an error alone as passed. What could not run is
// skipped.
func writeJUnit(w io.Writer, reports []*Report) error {
	all := suitesOf(reports)
	all.Name, all.Failures, all.Errors, all.Skipped = "regiondrill", new(int), new(int), new(int)
	total := verdict.Seconds(0)
	for i, s := range all.Suites {
		all.Tests += s.Tests
		*all.Failures += s.Failures
		*all.Errors += s.Errors
		*all.Skipped += s.Skipped
		total += open(reports[i]).Seconds
	}
	all.Time = junitTime(total)
	return all.write(w)
}

// StrictJUnit writes the same for readers that hold it against a schema: that of Ant's JUnit tasks, as Windy Road wrote
// it down, which knows neither files nor what a single case said.
func StrictJUnit(w io.Writer, reports []*Report) error {
	all := suitesOf(reports)
	for i := range all.Suites {
		s := &all.Suites[i]
		s.ID, s.Package, s.File = &i, s.Name, ""
		s.Timestamp = strings.TrimSuffix(cmp.Or(s.Timestamp, time.Time{}.Format(time.RFC3339)), "Z")
		s.Hostname = cmp.Or(s.Hostname, "localhost")
		said := ""
		for j := range s.Cases {
			c := &s.Cases[j]
			if c.File = ""; c.Out != nil {
				said += c.Name + "\n" + c.Out.Text + "\n"
			}
			c.Out = nil
		}
		s.Out, s.Err = &junitOut{said}, &junitOut{}
	}
	return all.write(w)
}

func suitesOf(reports []*Report) junitSuites {
	var all junitSuites
	seen := map[string]int{}
	for _, d := range openAll(reports) {
		all.Suites = append(all.Suites, d.junit(seen))
	}
	return all
}

func (all *junitSuites) write(w io.Writer) error {
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
	s := junitSuite{Name: class, Time: junitTime(d.Seconds), Hostname: clean(d.Target), File: clean(d.h.Plan.File),
		Properties: d.properties()}
	if !d.Started.IsZero() {
		s.Timestamp = d.Started.UTC().Format(time.RFC3339)
	}
	for _, f := range d.Findings {
		s.Cases = append(s.Cases, d.junitFinding(f))
	}
	for _, i := range d.Invariants {
		c := junitCase{Name: "invariant " + clean(i.Name), Time: junitTime(d.Seconds)}
		c.grade(i.Grade, invariantWords(&i), "")
		s.Cases = append(s.Cases, c)
	}
	s.Cases = append(s.Cases, d.junitMeasurement())
	names := map[string]int{}
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Classname, c.File = class, s.File
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
	case c.Skipped != nil:
		s.Skipped++
	}
}

// grade puts a grade where JUnit has it.
func (c *junitCase) grade(g verdict.Grade, message, body string) {
	switch g {
	case verdict.Pass:
	case verdict.Fail:
		c.Failure = &junitReason{message, "objective missed", message + "\n" + body}
	case verdict.Skipped:
		c.Skipped = &junitReason{Message: message}
	default:
		c.Failure = &junitReason{"unknown: " + message, "unknown", "unknown: " + message + "\n" + body}
	}
}

func (d *drill) junitFinding(f verdict.Finding) junitCase {
	c := junitCase{Name: clean(f.Name), Time: junitTime(d.took(f))}
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

// took is the time of a finding's case: of a recovery and a failback what was measured, as far as it came, so that a
// reader's trend of test times is one of recovery times; of all else how long it was watched.
func (d *drill) took(f verdict.Finding) verdict.Seconds {
	r := d.Recovery(f.Probe, f.Fault)
	var i *verdict.Interval
	switch {
	case d.set != nil:
		return d.median(f)
	case r == nil:
		return d.Seconds
	case f.Measure == verdict.RecoveryTime:
		i = r.RecoveryTimeActual
	case f.Measure == verdict.FailbackTime:
		i = r.Failback
	case f.Window == verdict.Fault && r.Effective != nil && r.Healing != nil:
		return *r.Healing - *r.Effective
	default:
		return d.Seconds
	}
	switch {
	case i == nil:
		return 0
	case i.Upper == nil:
		return i.Lower
	}
	return *i.Upper
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
	c := junitCase{Name: "the measurement is valid", Time: junitTime(d.Seconds)}
	said := d.notes()
	for _, advice := range d.advice() {
		said = append(said, "what to do: "+advice)
	}
	if d.drawn() {
		said = append(said, oneDraw())
	}
	notes := strings.Join(said, "\n")
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
	if a := d.h.Plan.Again; a != nil {
		p = append(p, junitProperty{"run again instead of", clean(a.Folder)})
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
