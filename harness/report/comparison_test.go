package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// ran are runs of the flagship whose staff were back by so much later than they were by hand; below zero never.
func ran(t testing.TB, path string, after string, later ...float64) *comparison.Set {
	t.Helper()
	s := &comparison.Set{Path: path}
	for i, by := range later {
		r := sample(t, "flagship")
		v := r.Verdict
		v.Seed, v.Started = uint64(100*len(path)+i), v.Started.Add(time.Duration(i)*time.Minute)
		back := v.Recovery("staff", "virginia-dark")
		if by < 0 {
			back.EndedBy, v.Grade, v.Findings[0].Grade = verdict.Heal, verdict.Fail, verdict.Fail
		}
		upper := *back.RecoveryTimeActual.Upper + verdict.Seconds(by)
		back.RecoveryTimeActual.Upper, back.Phases.Decide = &upper, back.Phases.Decide+verdict.Seconds(by)
		s.Runs = append(s.Runs, comparison.Run{Folder: fmt.Sprintf("%s/%d", path, i+1), Verdict: v, Plan: &r.History.Plan,
			Keys: map[string]string{"probes.staff.steer.after": after, "system.primary": "us-east-1"}})
	}
	return s
}

func comparedSets(t testing.TB, a, b *comparison.Set) *comparison.Result {
	t.Helper()
	r, err := comparison.Of(a, b, comparison.Rule{Confidence: 0.95, Effect: comparison.DefaultEffect})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var near = []float64{0, 0.02, 0.04, 0.06, 0.08, 0.1}

// comparisons are those that differ most.
func comparisons(t testing.TB) map[string]*comparison.Result {
	later := []float64{1, 1.02, 1.04, 1.06, 1.08, -1}
	worse := ran(t, "after", "3s", later...)
	worse.Skipped = []comparison.Skipped{{Folder: "after/torn", Why: "its verdict.json is torn"}}
	lame := ran(t, "after", "2s", 0.1, 0.02, 0.06)
	lame.Runs[2].Verdict.Validity = verdict.Validity{Grade: verdict.Unknown, Notes: []string{"the history is torn"}}
	return map[string]*comparison.Result{
		"compared-worse":     comparedSets(t, ran(t, "before", "2s", near...), worse),
		"compared-same":      comparedSets(t, ran(t, "before", "2s", near...), ran(t, "after", "2s", near...)),
		"compared-cant-tell": comparedSets(t, ran(t, "before", "2s", 0, 0.05), lame),
	}
}

type writer = func(io.Writer, *comparison.Result) error

// comparisonFormats are all ways to tell of a comparison, by what their files' names end with.
var comparisonFormats = map[string]writer{
	".json": WriteComparison, ".junit.xml": ComparisonJUnit, ".summary.md": ComparisonSummary,
	".txt": func(w io.Writer, r *comparison.Result) error { return ComparisonText(w, r, TextOptions{}) },
	".html": func(w io.Writer, r *comparison.Result) error {
		return ComparisonPage(w, r, func(string) string { return "" })
	},
}

func written(t testing.TB, r *comparison.Result, ending string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := comparisonFormats[ending](&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGoldenComparisons(t *testing.T) {
	for name, r := range comparisons(t) {
		for _, ending := range []string{".txt", ".summary.md", ".junit.xml"} {
			golden(t, name+ending, written(t, r, ending))
		}
		saying(answerWord(r.Answer), "recovery of staff from virginia-dark", "median of").check(t, written(t, r, ".html"))
	}
}

// Every run is a dot on the page, within its axis, and leads to its report.
func TestDots(t *testing.T) {
	r := comparisons(t)["compared-worse"]
	var page bytes.Buffer
	if err := ComparisonPage(&page, r, func(folder string) string { return "../" + folder + "/report.html" }); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		if link := fmt.Sprintf(`href="../after/%d/report.html"`, i+1); !strings.Contains(page.String(), link) {
			t.Errorf("nothing has %s", link)
		}
	}
	for _, m := range r.Measures {
		c := dotsOf(&m, r, [2][]string{})
		if len(c.Rows[0].Dots) != m.A.N || len(c.Rows[1].Dots) != m.B.N || len(c.Ticks) < 2 {
			t.Errorf("%s: %+v", m.Name, c)
		}
		for _, d := range slices.Concat(c.Rows[0].Dots, c.Rows[1].Dots) {
			if d.X < 0 || d.X > 100 || d.Y < 0 || d.Y > 100 || d.Never != (d.X > 100-neverRoom && c.Never) {
				t.Errorf("%s: %+v", m.Name, d)
			}
		}
	}
}

// JUnit is red where the exit code is not 0, and keeps to the schema.
func TestComparisonJUnit(t *testing.T) {
	for name, r := range comparisons(t) {
		var suites junitSuites
		text := written(t, r, ".junit.xml")
		if err := xml.Unmarshal(text, &suites); err != nil {
			t.Fatal(err)
		}
		if red := suites.Suites[0].Failures > 0; red != (r.Answer.Grade() != verdict.Pass) {
			t.Errorf("%s: %s, and %d failures", name, r.Answer, suites.Suites[0].Failures)
		}
		keepsSchema(t, name, bytes.NewReader(text))
	}
	r := comparedSets(t, &comparison.Set{Path: "a", Runs: []comparison.Run{{Verdict: &verdict.Verdict{}}}},
		&comparison.Set{Path: "b", Runs: []comparison.Run{{Verdict: &verdict.Verdict{}}}})
	if text := string(written(t, r, ".junit.xml")); !strings.Contains(text, `type="unknown"`) {
		t.Errorf("nothing that could be compared is no success: %s", text)
	}
}

func TestHostileWordsInComparisons(t *testing.T) {
	for _, evil := range hostileWords {
		a, b := ran(t, evil, "2s"+evil, near...), ran(t, "b"+evil, "3s", 1, 1.1, 1.2, 1.3, 1.4, 1.5)
		for _, s := range []*comparison.Set{a, b} {
			s.Skipped = []comparison.Skipped{{Folder: evil, Why: evil}}
			s.Runs[5].Verdict.Validity = verdict.Validity{Grade: verdict.Unknown, Notes: []string{evil}}
			for i := range s.Runs {
				s.Runs[i].Verdict.Scenario, s.Runs[i].Verdict.Findings[0].Name = evil, evil
				s.Runs[i].Keys[evil] = fmt.Sprint(evil, i)
			}
		}
		r := comparedSets(t, a, b)
		saying().check(t, written(t, r, ".html"))
		out := string(written(t, r, ".txt"))
		if !isClean(strings.ReplaceAll(out, "\n", "")) {
			t.Errorf("control characters in the text: %q", out)
		}
		for line := range strings.Lines(out) {
			if displaywidth.String(line) > unseen {
				t.Errorf("a line of the text is too wide: %q", line)
			}
		}
		if err := xml.Unmarshal(written(t, r, ".junit.xml"), &junitSuites{}); err != nil {
			t.Errorf("JUnit: %v", err)
		}
		md := string(written(t, r, ".summary.md"))
		if len(md) > 65_536 || acts.MatchString(spans.ReplaceAllString(md, "")) {
			t.Errorf("Markdown would act: %.500q", md)
		}
		if !json.Valid(written(t, r, ".json")) {
			t.Error("comparison.json is no JSON")
		}
	}
}

func TestComparisonsReportAFullDisk(t *testing.T) {
	r := comparisons(t)["compared-same"]
	for ending, write := range comparisonFormats {
		if err := write(full{}, r); err == nil {
			t.Errorf("%s: no error on a full disk", ending)
		}
	}
}
