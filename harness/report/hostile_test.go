package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"golang.org/x/net/html"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// hostileWords are what nobody should be able to write into a report.
var hostileWords = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "\x1b[2J\x1b[31mred\x07", "]]>&<!--",
	"a\x00b\x01c\ufffe\uffff",
	"\xff\xfe broken", "https://evil.example/x?y", "| a | b |\n# head\n```", "\u202ereversed\u202c",
	strings.Repeat("very long ", 2000), "'; DROP TABLE", "{{.}}",
	"@everyone [click](javascript:alert(1))", "a\r\nb\tc\u2028d",
	strings.Repeat("復旧👩‍👩‍👧‍👦", 60), strings.Repeat("e\u0301", 200),
}

// poison replaces every name and sentence of a history by hostile words, consistently.
func poison(h *history.History, evil string) {
	bad := func(s *string) {
		if *s != "" {
			*s = evil + *s
		}
	}
	p := &h.Plan
	for _, s := range []*string{&p.Scenario, &p.About, &p.Target, &p.Environment, &p.Version, &p.WithoutBrowser,
		&p.Run, &p.Folder, &p.ReportURL} {
		*s = evil + *s
	}
	p.Sets = []string{evil}
	for i := range p.Regions {
		bad(&p.Regions[i])
	}
	for i := range p.Probes {
		for _, s := range []*string{&p.Probes[i].Name, &p.Probes[i].Kind, &p.Probes[i].Home, &p.Probes[i].From} {
			bad(s)
		}
	}
	for i := range p.Faults {
		for _, s := range []*string{&p.Faults[i].Name, &p.Faults[i].Summary, &p.Faults[i].Region, &p.Faults[i].Kind} {
			bad(s)
		}
		p.Faults[i].Config, _ = json.Marshal(map[string]string{evil: evil})
	}
	for i := range p.Actions {
		for _, s := range []*string{&p.Actions[i].Name, &p.Actions[i].Summary, &p.Actions[i].Kind, &p.Actions[i].After} {
			bad(s)
		}
	}
	for i := range p.Checks {
		bad(&p.Checks[i].Name)
	}
	for i := range h.Attempts {
		a := &h.Attempts[i]
		a.Steps = nil
		a.Class = history.Class(evil)
		for _, s := range []*string{&a.Probe, &a.Region, &a.Home, &a.Kind} {
			bad(s)
		}
		a.Detail, a.Artifacts = evil, []string{evil, "../" + evil, "/etc/passwd"}
	}
	for i := range h.Events {
		if f := h.Events[i].Fault; f != nil {
			bad(&f.Name)
			f.Detail = evil
			for k := range f.Edges {
				f.Edges[k].Edge = evil
			}
		}
		if a := h.Events[i].Action; a != nil {
			bad(&a.Name)
			a.Detail = evil
		}
	}
	h.End = &history.End{Reason: evil, Detail: evil}
}

func poisoned(t *testing.T, name, evil string) *Report {
	t.Helper()
	r := sample(t, name)
	poison(r.History, evil)
	v := r.Verdict
	v.Scenario, v.Target, v.Version = r.History.Plan.Scenario, r.History.Plan.Target, r.History.Plan.Version
	v.Measures = *measure.Measure(r.History)
	v.Validity.Notes = append(v.Validity.Notes, evil)
	v.Invariants = []verdict.Invariant{{Name: evil, Grade: verdict.Fail, Violations: 2}}
	for i := range v.Findings {
		f := &v.Findings[i]
		f.Name, f.Summary = evil+f.Name, evil+f.Summary
		f.Grade = []verdict.Grade{verdict.Fail, verdict.Unknown, verdict.Grade(evil)}[i%3]
	}
	r.Dir = "runs/" + evil
	r.Folder = fstest.MapFS{}
	return r
}

func TestHostileWords(t *testing.T) {
	for i, evil := range hostileWords {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			names := []string{"two-faults", "acs-swap"}
			if i == 0 {
				names = append(names, "flagship", "never-recovered")
			}
			for _, name := range names {
				harmless(t, poisoned(t, name, evil))
			}
		})
	}
}

// Markdown acts by tags, links and mentions, but not within a code span.
var (
	spans = regexp.MustCompile("`[^`\n]*`")
	acts  = regexp.MustCompile(`<(?:script|img)|[^\\\\]\]\(|@everyone|https://evil`)
)

// harmless exports everything and looks for what would act.
func harmless(t *testing.T, r *Report) {
	t.Helper()
	saying().check(t, export(t, "report.html", r, r))
	out := text(t, r, false)
	if !isClean(strings.ReplaceAll(out, "\n", "")) {
		t.Errorf("control characters in the text: %q", out)
	}
	for line := range strings.Lines(out) {
		if displaywidth.String(line) > unseen && !strings.HasPrefix(line, "Report  ") {
			t.Errorf("a line of the text is too wide: %q", line)
		}
	}
	var suites junitSuites
	junit := export(t, "junit.xml", r)
	if err := xml.Unmarshal(junit, &suites); err != nil {
		t.Errorf("junit.xml: %v", err)
	}
	linter := promlint.New(bytes.NewReader(export(t, "metrics.prom", r)))
	if problems, err := linter.Lint(); err != nil || len(problems) > 0 {
		t.Errorf("metrics.prom: %v %v", problems, err)
	}
	md := string(export(t, "summary.md", r))
	if len(md) > 1024<<10 || acts.MatchString(spans.ReplaceAllString(md, "")) {
		t.Errorf("summary.md would act: %.500q", md)
	}
	if !json.Valid(export(t, "verdict.json", r)) {
		t.Error("verdict.json is no JSON")
	}
	b := newBoard()
	for _, e := range events(r.History) {
		if line := b.note(e); !isClean(line) {
			t.Fatalf("a line of the screen would act: %q", line)
		}
	}
	for _, line := range b.frame(history.Seconds(30), 80, 24, false, false) {
		if !isClean(line) || displaywidth.String(line) > 80 {
			t.Errorf("a line of the live view would act or is too wide: %q", line)
		}
	}
}

// pageWords are what a page must say.
type pageWords []string

func saying(words ...string) pageWords { return words }

// loads are the attributes through which a page could fetch something.
var loads = []string{
	"src", "href", "action", "formaction", "data", "poster", "background", "xlink:href", "srcset", "ping", "manifest",
}

var external = regexp.MustCompile(`(?i)@import|url\(\s*['"]?(?:https?:|//|data:)`)

// check parses the page: no script, no handler, nothing to load from elsewhere, a policy that forbids it, and the
// words.
func (w pageWords) check(t *testing.T, data []byte) {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	ids, policy := map[string]bool{}, false
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			if n.Parent.Data == "style" && external.MatchString(n.Data) {
				t.Errorf("a style loads something: %.200q", n.Data)
			}
			said.WriteString(n.Data + " ")
		}
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "iframe", "object", "embed", "link", "base", "form", "foreignobject"}, n.Data) {
			t.Errorf("a <%s> in the page", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("a handler %s=%q", a.Key, a.Val)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("two elements of the id %q", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "http-equiv" && a.Val == "Content-Security-Policy":
				policy = true
			case slices.Contains(loads, a.Key) && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "data:image/"):
				t.Errorf("%s=%.100q points elsewhere", a.Key, a.Val)
			}
			if a.Key == "href" && strings.HasPrefix(a.Val, "#") && !bytes.Contains(data, []byte(`id="`+a.Val[1:]+`"`)) {
				t.Errorf("a link to %s, which isn't there", a.Val)
			}
			if strings.Contains(a.Val, "ZgotmplZ") {
				t.Errorf("%s was refused by the template", a.Key)
			}
		}
	}
	if !policy {
		t.Error("no content security policy")
	}
	flat := strings.Join(strings.Fields(said.String()), " ")
	for _, word := range w {
		if !strings.Contains(flat, word) {
			t.Errorf("the page doesn't say %q", word)
		}
	}
}

func TestPageSaysTheNumbers(t *testing.T) {
	r := withPictures(t, sample(t, "flagship"))
	saying("PASS", "2.93 to 3.02", "N. Virginia (us-east-1) was out for 30 s", "0 of 301", "2.77 s", "168 to 258 ms",
		"detect 80 ms", "decide 2.00 s", "authenticate 856 ms", "eu-west-1 283", "us-east-1 18", "new-york→us-east-1",
		"regiondrill run", "--seed 7", "in force at 10.02 s", "Select a picture").
		check(t, export(t, "report.html", r))
	r.History.Plan.WithoutBrowser = "no browser was found"
	r.History.Plan.Probes[1].Skipped = true
	saying("No browser took part (no browser was found): staff-in-chrome did not run.", "--without-browser").
		check(t, export(t, "report.html", r))
	saying("How long people took to sign in", "swap done at 22.01 s", "undone at 47.01 s", "Actions",
		"at virginia-dark.effective + 12 s for 25 s", "22.000 s 22.010 s 47.010 s").
		check(t, export(t, "report.html", sample(t, "acs-swap")))
	saying("How long people took to get credentials", "Why calls failed", "Calls that failed",
		"People who tried to get credentials", "until they got credentials").
		check(t, export(t, "report.html", sample(t, "role-credentials")))
	saying("FAIL", "never back", "more than 49.9", "30 of 30").
		check(t, export(t, "report.html", sample(t, "never-recovered")))
	saying("2 drills", "two-faults", "primary-region-outage").
		check(t, export(t, "report.html", sample(t, "two-faults"), r))
}

// Pictures are embedded up to a limit, and what had no room is named.
func TestPicturesHaveALimit(t *testing.T) {
	r := sample(t, "flagship")
	folder := fstest.MapFS{}
	for i := range 8 {
		path := fmt.Sprintf("artifacts/staff-%d-bad-us-east-1.png", i)
		folder[path] = &fstest.MapFile{Data: append(picture(t, path), make([]byte, 700<<10)...)}
		r.History.Attempts[i].Artifacts = []string{path, "artifacts/gone.png", "artifacts/notes.txt"}
	}
	folder["artifacts/notes.txt"] = &fstest.MapFile{Data: []byte("<html>")}
	r.Folder = folder
	data := export(t, "report.html", r)
	if n := bytes.Count(data, []byte(`src="data:image/png;base64,`)); n != 4 {
		t.Errorf("%d pictures were embedded", n)
	}
	named := bytes.Contains(data, []byte("Left out")) && bytes.Contains(data, []byte("staff-7-bad-us-east-1.png"))
	if len(data) > 6<<20 || !named {
		t.Errorf("%d bytes", len(data))
	}
}

// A million attempts give a page that can be mailed, and no failure is lost.
func TestPageOfAMillionAttempts(t *testing.T) {
	r := sample(t, "flagship")
	const n = 1_000_000
	h := r.History
	h.Attempts, h.SeqOf = make([]history.Attempt, n), make([]int64, n)
	failed := 0
	for i := range h.Attempts {
		due := history.Instant(i) * 60_000_000 / n
		a := history.Attempt{
			Probe: "staff", Seq: int64(i), Due: due, Began: due, Ended: due + history.Instant(i*7919%3_000_000),
			Outcome: history.Good, Region: h.Plan.Regions[i%2],
		}
		if i%1000 == 1 {
			a.Outcome, a.Class, a.Detail = history.Bad, history.ClassTimeout, "no answer"
			failed++
		}
		h.Attempts[i], h.SeqOf[i] = a, int64(i+2)
	}
	data := export(t, "report.html", r)
	if len(data) > 6<<20 {
		t.Errorf("%d bytes", len(data))
	}
	told := 0
	for _, m := range regexp.MustCompile(`s: (\d+) failed, timeout: no answer`).FindAllSubmatch(data, -1) {
		k := 0
		_, _ = fmt.Sscan(string(m[1]), &k)
		told += k
	}
	if told != failed {
		t.Errorf("the rug tells of %d failures of %d", told, failed)
	}
}

// No verdict that can be measured, and none that can't, makes an exporter fail.
func TestExportersNeverFail(t *testing.T) {
	upper := verdict.Seconds(1e9)
	odd := []*Report{
		nil, {}, {Verdict: &verdict.Verdict{}}, {History: &history.History{}},
		{Verdict: &verdict.Verdict{
			Grade: verdict.Skipped, Scenario: "skipped",
			Measures: verdict.Measures{Validity: verdict.Validity{Notes: []string{"the target has no network"}}},
		}},
		{Verdict: &verdict.Verdict{
			Grade: verdict.Pass,
			Measures: verdict.Measures{
				Recoveries: []verdict.Recovery{
					{},
					{Phases: &verdict.Phases{}, RecoveryTimeActual: &verdict.Interval{}},
					{EndedBy: verdict.Failover, Effective: &upper, RecoveryTimeActual: &verdict.Interval{Upper: &upper}},
				},
				Windows:  []verdict.Window{{}},
				Validity: verdict.Validity{Grade: verdict.Pass},
			},
			Findings: []verdict.Finding{{}, {Grade: verdict.Pass, Objective: 3, Actual: []int{1}}},
		}},
	}
	for _, name := range sampleNames(t) {
		r := sample(t, name)
		odd = append(odd, r, &Report{Verdict: r.Verdict}, &Report{History: r.History},
			cutShort(r, 0), cutShort(r, 1), cutShort(r, 40))
	}
	for _, e := range Table() {
		for i, r := range odd {
			if err := e.Write(io.Discard, []*Report{r}); err != nil {
				t.Errorf("%s of report %d: %v", e.File, i, err)
			}
		}
		if err := e.Write(io.Discard, odd); err != nil {
			t.Errorf("%s of all: %v", e.File, err)
		}
		if err := e.Write(io.Discard, nil); err != nil {
			t.Errorf("%s of none: %v", e.File, err)
		}
	}
	for i, r := range odd {
		if err := Text(io.Discard, r, TextOptions{Color: true}); err != nil {
			t.Errorf("text of report %d: %v", i, err)
		}
	}
}

// cutShort is a report of a history that has only its first attempts, and no events where there are none.
func cutShort(r *Report, attempts int) *Report {
	h := *r.History
	h.Attempts, h.SeqOf = h.Attempts[:min(attempts, len(h.Attempts))], h.SeqOf[:min(attempts, len(h.SeqOf))]
	if attempts == 0 {
		h.Events, h.End = nil, nil
	}
	v := *r.Verdict
	v.Measures, v.Started = *measure.Measure(&h), time.Time{}
	return &Report{Verdict: &v, History: &h}
}

// A writer that fails is told of.
func TestExportersReportAFullDisk(t *testing.T) {
	for _, e := range Table() {
		if err := e.Write(full{}, []*Report{sample(t, "flagship")}); err == nil {
			t.Errorf("%s: no error on a full disk", e.File)
		}
	}
	if err := Text(full{}, sample(t, "flagship"), TextOptions{}); err == nil {
		t.Error("text: no error on a full disk")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left on device") }
