package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// junitRule is what Ant's schema of JUnit's XML (Windy Road, JUnit.xsd) says of an element: its attributes, required
// ones without a question mark, and its children in their order.
type junitRule struct{ attributes, children []string }

var junitRules = map[string]junitRule{
	"testsuites": {nil, []string{"testsuite"}},
	"testsuite": {[]string{"name", "timestamp", "hostname", "tests", "failures", "errors", "skipped?", "time", "package", "id"},
		[]string{"properties", "testcase", "system-out", "system-err"}},
	"properties": {nil, []string{"property"}},
	"property":   {[]string{"name", "value"}, nil},
	"testcase":   {[]string{"name", "classname", "time"}, []string{"skipped", "error", "failure"}},
	"failure":    {[]string{"message?", "type"}, nil},
	"skipped":    {[]string{"message?"}, nil},
	"system-out": {}, "system-err": {},
}

// TestStrictJUnitKeepsTheSchema holds every sample against the rules of the schema, element by element.
func TestStrictJUnitKeepsTheSchema(t *testing.T) {
	for _, name := range sampleNames(t) {
		var text bytes.Buffer
		if err := StrictJUnit(&text, []*Report{sample(t, name), sample(t, name)}); err != nil {
			t.Fatal(err)
		}
		keepsSchema(t, name, &text)
	}
}

func keepsSchema(t *testing.T, name string, text io.Reader) {
	t.Helper()
	elements := 0
	for d := xml.NewDecoder(text); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements++
			valid(t, name, d, start)
		}
	}
	if elements != 1 {
		t.Errorf("%s: %d roots", name, elements)
	}
}

// valid reads an element to its end.
func valid(t *testing.T, sample string, d *xml.Decoder, start xml.StartElement) {
	t.Helper()
	element := start.Name.Local
	rule, known := junitRules[element]
	if !known {
		t.Errorf("%s: there is no element %s", sample, element)
	}
	var has []string
	for _, a := range start.Attr {
		has = append(has, a.Name.Local)
		if !slices.Contains(rule.attributes, a.Name.Local) && !slices.Contains(rule.attributes, a.Name.Local+"?") {
			t.Errorf("%s: %s has no attribute %s", sample, element, a.Name.Local)
		}
		if a.Name.Local == "timestamp" && !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`).MatchString(a.Value) {
			t.Errorf("%s: the time stamp is %q", sample, a.Value)
		}
	}
	for _, a := range rule.attributes {
		if !strings.HasSuffix(a, "?") && !slices.Contains(has, a) {
			t.Errorf("%s: %s lacks the attribute %s", sample, element, a)
		}
	}
	var children []string
	for {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			children = append(children, token.Name.Local)
			valid(t, sample, d, token)
		case xml.EndElement:
			sound(t, sample, element, rule, children)
			return
		}
	}
}

// sound wants the children in the order of the rule, and all that the schema wants in every suite.
func sound(t *testing.T, sample, element string, rule junitRule, children []string) {
	t.Helper()
	at := func(child string) int { return slices.Index(rule.children, child) }
	if !slices.IsSortedFunc(children, func(a, b string) int { return at(a) - at(b) }) || slices.ContainsFunc(children, func(c string) bool { return at(c) < 0 }) {
		t.Errorf("%s: %s has the children %q", sample, element, children)
	}
	if element == "testsuite" && (children[0] != "properties" || len(children) < 3 || children[len(children)-2] != "system-out") ||
		element == "testcase" && len(children) > 1 {
		t.Errorf("%s: %s has the children %q", sample, element, children)
	}
}

// TestJUnitOfWhatIsUnknown: no reader takes it for passed. Several pass a case whose only child is an error, so that the
// word isn't used at all.
func TestJUnitOfWhatIsUnknown(t *testing.T) {
	for _, name := range sampleNames(t) {
		r, text := sample(t, name), string(export(t, "junit.xml", sample(t, name)))
		if strings.Contains(text, "<error") {
			t.Errorf("%s has an error", name)
		}
		if r.Verdict.Grade == verdict.Unknown && !strings.Contains(text, `<failure message="unknown: `) {
			t.Errorf("%s is unknown, which can't be seen", name)
		}
	}
}

// TestJUnitTimesAndFile: a recovery's case takes what the recovery took, and the file is the scenario's path.
func TestJUnitTimesAndFile(t *testing.T) {
	r := sample(t, "flagship")
	r.History.Plan.File = "drills/region outage.yaml"
	var suites junitSuites
	if err := xml.Unmarshal(export(t, "junit.xml", r), &suites); err != nil {
		t.Fatal(err)
	}
	s := suites.Suites[0]
	upper := *r.Verdict.Recoveries[0].RecoveryTimeActual.Upper
	if s.Cases[0].Time != junitTime(upper) || s.Cases[len(s.Cases)-1].Time != s.Time || s.Time == "0.000" {
		t.Errorf("the times are %+v, of the suite %s", s.Cases, s.Time)
	}
	if s.File != r.History.Plan.File || s.Cases[0].File != s.File {
		t.Errorf("the file is %q and %q", s.File, s.Cases[0].File)
	}
}
