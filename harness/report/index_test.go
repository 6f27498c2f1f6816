package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/runs"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// shelfOf has so many runs, one an hour, of forty scenarios, the newest first.
func shelfOf(n int) *runs.Shelf {
	s := &runs.Shelf{Path: "runs"}
	for i := range n {
		up, within := verdict.Seconds(3+float64(i%7)/10), verdict.Seconds(5)
		at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(i) * time.Hour)
		scenario := fmt.Sprintf("scenario-%d", i%40)
		folder := fmt.Sprintf("%s-%s", at.Format("20060102T150405Z"), scenario)
		s.Runs = append(s.Runs, runs.Run{Folder: folder, Unit: folder, Scenario: scenario, Target: "lab", Environment: "nightly",
			Begun: at, Grade: verdict.Pass, Report: true, Recoveries: []runs.Recovery{{Check: "recovery of staff from dark", Probe: "staff",
				Fault: "dark", Grade: verdict.Pass, Lower: up - 0.1, Upper: &up, Told: true, Within: &within,
				Phases: &verdict.Phases{Detect: 0.1, Decide: up - 0.1}}}})
	}
	return s
}

func indexOf(t testing.TB, s *runs.Shelf) string {
	t.Helper()
	var b bytes.Buffer
	if err := IndexPage(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestIndexPage(t *testing.T) {
	s := shelfOf(90)
	s.Runs[0].Virtual, s.Runs[0].Report = true, false
	s.Runs[0].Recoveries[0].Told = true
	never := &s.Runs[41].Recoveries[0]
	s.Runs[41].Grade, never.Grade, never.Upper, never.Never, never.Lower = verdict.Fail, verdict.Fail, nil, true, 30
	s.Skipped = []comparison.Skipped{{Folder: "runs/torn", Why: "its verdict.json is torn"}}
	page := indexOf(t, s)
	for _, want := range []string{
		"90 runs of 40 scenarios: 89 passed, 1 failed; 1 simulated.",
		`<tr data-t="2026-11-01 00:00:00" data-s="scenario-0" data-g="pass" data-u="3"><th scope="row" class="nowrap">2026-11-01 00:00</th>`,
		`<span class="c">simulated</span>`,
		`<a href="20261031T230000Z-scenario-1/report.html">2026-10-31 23:00</a>`,
		`data-g="fail" data-u="1000000000"`, "staff from dark never in 30 s", `<circle class="n"`,
		"<li>runs/torn: its verdict.json is torn</li>", "of 5 s; missed in 1 of 3",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("nothing of %s", want)
		}
	}
	if n := strings.Count(page, "<tr data-t="); n != 90 {
		t.Errorf("%d rows", n)
	}
	if n := strings.Count(page, "<figure>"); n != 40 {
		t.Errorf("%d recoveries over time", n)
	}
	if n := strings.Count(page, `<circle class="u"`); n != 3*(90-1)-1-2 { // the recovery and two phases of each, but of the simulated one
		t.Errorf("%d marks", n)
	}
}

// The page may run its one script and no other, load nothing, and say nothing that a run wrote as anything but words.
func TestIndexPageIsHarmless(t *testing.T) {
	s := shelfOf(3)
	for _, evil := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "javascript:alert(1)//"} {
		r := s.Runs[0]
		of := r.Recoveries[0]
		of.Check, of.Probe, of.Fault = evil, evil, evil
		r.Folder, r.Scenario, r.Target, r.Environment, r.Recoveries = evil, evil, evil, evil, []runs.Recovery{of}
		s.Runs = append(s.Runs, r)
		s.Skipped = append(s.Skipped, comparison.Skipped{Folder: evil, Why: evil})
	}
	page := indexOf(t, s)
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%d scripts", n)
	}
	_, script, _ := strings.Cut(page, "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	if want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(html.UnescapeString(page), want) {
		t.Errorf("its policy doesn't say %s", want)
	}
	if found := regexp.MustCompile(`<img|(?:href|src)="(?:javascript|https?):`).FindString(page); found != "" {
		t.Errorf("it holds %s", found)
	}
}

// BenchmarkIndexPage writes the page of 10,000 runs.
func BenchmarkIndexPage(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command does
	s := shelfOf(10_000)
	for b.Loop() {
		if len(indexOf(b, s)) < 1<<20 {
			b.Fatal("too short")
		}
	}
}
