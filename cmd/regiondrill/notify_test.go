package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// told is what a webhook was sent at last.
func (g *gateway) told(t *testing.T) []report.Notice {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	var said struct{ Outcomes []report.Notice }
	if len(g.bodies) != 1 || json.Unmarshal([]byte(g.bodies[0]), &said) != nil {
		t.Fatalf("it was sent %q", g.bodies)
	}
	return said.Outcomes
}

// The outcome is told at the end, with the link to its report, by an address that is written down nowhere.
func TestNotify(t *testing.T) {
	t.Parallel()
	const page = "https://ci.example/{folder}/report.html"
	for name, c := range map[string]struct {
		flags []string
		link  string
	}{
		"one drill": {nil, "https://ci.example/run/report.html"},
		"repeated":  {[]string{"--repeat", "2"}, "https://ci.example/run/repetition.html"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &gateway{}
			server := httptest.NewServer(g)
			defer server.Close()
			_, dir, said := calm(t, func(p *program) { p.env = append(p.env, "REGIONDRILL_WEBHOOK="+server.URL+"/hush") },
				append(c.flags, "--notify", "json", "--report-url", page, "--environment", "staging")...)
			all := g.told(t)
			if len(all) != 1 || all[0].Scenario != "calm" || all[0].Environment != "staging" || all[0].Report != c.link ||
				all[0].Grade == "" || all[0].Sentence == "" {
				t.Errorf("it was told %+v", all)
			}
			if strings.Contains(said, "hush") {
				t.Errorf("it says %s", said)
			}
			writtenNowhere(t, dir, "hush")
		})
	}
}

func writtenNowhere(t *testing.T, dir, secret string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s has the address", path)
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
}

// Who can't be told changes no outcome.
func TestNotifyInVain(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	was, _, _ := calm(t, nil)
	code, _, said := calm(t, func(p *program) {
		p.env = append(p.env, "REGIONDRILL_SLACK_WEBHOOK="+refusing.URL+"/hush", "REGIONDRILL_PAGERDUTY_ROUTING_KEY=hush",
			"REGIONDRILL_PAGERDUTY_URL="+refusing.URL)
	}, "--notify", "slack,pagerduty", "--notify", "slack")
	if code != was || strings.Count(said, "warning: telling slack of it: it was answered 404 Not Found; the result stands") != 1 ||
		!strings.Contains(said, "warning: telling pagerduty of it") || strings.Contains(said, "hush") {
		t.Errorf("it ends with %d instead of %d and says %s", code, was, said)
	}
}

// Whom nobody named is known before anything starts, of every command.
func TestNotifyNobody(t *testing.T) {
	t.Parallel()
	if code, dir, said := calm(t, nil, "--notify", "slack", "--notify", "pager"); code != exitUsage ||
		!strings.Contains(said, "REGIONDRILL_SLACK_WEBHOOK") || !strings.Contains(said, `no way "pager"`) {
		t.Errorf("it ends with %d and says %s", code, said)
	} else if _, err := os.Stat(dir); err == nil {
		t.Error("something was started")
	}
	for _, args := range [][]string{{"simulate", "testdata/toy.yaml", "--out", filepath.Join(t.TempDir(), "simulated")},
		{"compare", t.TempDir(), t.TempDir()}} {
		var out bytes.Buffer
		p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out, exit: func(int) {}}
		if code := p.main(t.Context(), append(args, "--notify", "json")); code != exitUsage || !strings.Contains(out.String(), "REGIONDRILL_WEBHOOK") {
			t.Errorf("%s ends with %d and says %s", args[0], code, &out)
		}
	}
}

// What was simulated and compared is told as that.
func TestNotifyOfOthers(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	server := httptest.NewServer(g)
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "simulated")
	tell := func(args ...string) (int, report.Notice) {
		var out bytes.Buffer
		p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out, exit: func(int) {},
			env: []string{"REGIONDRILL_WEBHOOK=" + server.URL, "REGIONDRILL_REPORT_URL=https://ci.example/{folder}/report.html"}}
		g.bodies = nil
		code := p.main(t.Context(), append(args, "--notify", "json", "--environment", "staging"))
		n := g.told(t)[0]
		if n.Environment != "staging" {
			t.Errorf("%s of staging tells %+v", args[0], n)
		}
		return code, n
	}
	code, n := tell("simulate", "testdata/toy.yaml", "--runs", "2", "--out", dir)
	if code != exitPass || n.Of != report.OfSimulation || n.Grade != verdict.Pass || n.Report != "https://ci.example/simulated/repetition.html" {
		t.Errorf("it ends with %d and tells %+v", code, n)
	}
	run := filepath.Join(dir, "worst")
	asReal(t, filepath.Join(run, "verdict.json"), `  "virtual": true,`)
	asReal(t, filepath.Join(run, "history.jsonl"), `"virtual":true,`)
	code, n = tell("compare", run, run)
	if code != exitUnknown || n.Of != report.OfComparison || n.Grade != verdict.Unknown || n.Report != "" || n.Scenario != "toy" {
		t.Errorf("it ends with %d and tells %+v", code, n)
	}
	_, n = tell("compare", run, run, "--out", filepath.Join(t.TempDir(), "a b"), "--report-url", "https://own.example/{folder}")
	if n.Report != "https://own.example/a%20b" {
		t.Errorf("its page is at %s", n.Report)
	}
}

// A run that is recovered is marked in a Grafana as one that ended is, under the environment that is named.
func TestRecoverMarks(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var marked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method == http.MethodPost && r.URL.Path == "/api/annotations" {
			mu.Lock()
			defer mu.Unlock()
			marked = append(marked, string(body))
		}
		_, _ = w.Write([]byte("[]"))
	}))
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "simulated")
	var out bytes.Buffer
	p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out, exit: func(int) {},
		env: []string{"REGIONDRILL_GRAFANA_TOKEN=hush", "XDG_STATE_HOME=" + t.TempDir()}}
	if code := p.main(t.Context(), []string{"simulate", "testdata/toy.yaml", "--runs", "1", "--out", dir}); code != exitPass {
		t.Fatalf("it ends with %d and says %s", code, &out)
	}
	run := filepath.Join(dir, "worst")
	asReal(t, filepath.Join(run, "history.jsonl"), `"virtual":true,`)
	code := p.main(t.Context(), []string{"recover", run, "--grafana", server.URL, "--environment", "staging"})
	if code != exitPass || len(marked) == 0 || !strings.Contains(marked[0], `"environment:staging"`) {
		t.Errorf("it ends with %d, marks %q and says %s", code, marked, &out)
	}
}

// asReal takes out of a file that its run was simulated: such a run is compared with nothing.
func asReal(t *testing.T, path, simulated string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(simulated)) {
		t.Fatalf("%s doesn't say %s, %v", path, simulated, err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(simulated), nil, 1), 0o600); err != nil {
		t.Fatal(err)
	}
}
