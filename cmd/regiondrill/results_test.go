package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/report"
)

// calm runs the quickest drill there is, in this process.
func calm(t *testing.T, prepare func(*program), flags ...string) (code int, dir, said string) {
	t.Helper()
	tmp := t.TempDir()
	dir = filepath.Join(tmp, "run")
	var out bytes.Buffer
	p := &program{
		catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out,
		env: []string{"XDG_STATE_HOME=" + tmp}, exit: func(int) {},
	}
	if prepare != nil {
		prepare(p)
	}
	code = p.main(t.Context(), append([]string{"run", filepath.Join("testdata", "calm.yaml"), "--out", dir}, flags...))
	return code, dir, out.String()
}

// An exporter that fails is told of, and keeps no other from writing.
func TestFailingExporter(t *testing.T) {
	t.Parallel()
	code, dir, said := calm(t, func(p *program) {
		broken := report.Exporter{File: "picture.png", Write: func(io.Writer, []*report.Report) error { return errors.New("no paint") }}
		p.catalog.Exporters = append([]report.Exporter{broken}, p.catalog.Exporters...)
	})
	if code != exitBroken || !strings.Contains(said, "picture.png: no paint") {
		t.Errorf("it ends with %d and says %s", code, said)
	}
	for _, file := range []string{"verdict.json", "report.html", "junit.xml", "summary.md", "metrics.prom"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "picture.png")); err == nil {
		t.Error("half a picture was left")
	}
}

// Results that recover can't write are told of as run's are, and the run is undone all the same.
func TestRecoverWithoutResults(t *testing.T) {
	t.Parallel()
	var p *program
	_, dir, _ := calm(t, func(q *program) { p = q })
	broken := report.Exporter{File: "picture.png", Write: func(io.Writer, []*report.Report) error { return errors.New("no paint") }}
	p.catalog.Exporters = append(p.catalog.Exporters, broken)
	var out, complained bytes.Buffer
	p.stdout, p.stderr = &out, &complained
	code := p.main(t.Context(), []string{"recover", dir})
	if code != exitBroken || !strings.Contains(complained.String(), "picture.png: no paint") {
		t.Errorf("it ends with %d and complains: %s", code, &complained)
	}
	if said := out.String(); !strings.Contains(said, "nothing was left to undo") || strings.Contains(said, "nothing to conclude") {
		t.Errorf("it says %s", said)
	}
}

// gateway is a Pushgateway as far as pushing goes.
type gateway struct {
	mu     sync.Mutex
	pushed []string      // method and path
	bodies []string      // in which labels can be found as they are
	first  chan struct{} // where it isn't nil, closed with the first of them
}

func (g *gateway) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bodies = append(g.bodies, string(body))
	g.pushed = append(g.pushed, r.Method+" "+r.URL.Path)
	if g.first != nil && len(g.pushed) == 1 {
		close(g.first)
	}
}

func TestPushGateway(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	server := httptest.NewServer(g)
	defer server.Close()
	code, _, said := calm(t, nil, "--push-gateway", server.URL, "--environment", "staging")
	if code == exitBroken || len(g.pushed) == 0 {
		t.Fatalf("it ends with %d, says %s and pushes %v", code, said, g.pushed)
	}
	for _, wanted := range []string{"/job/regiondrill", "/scenario/calm", "/environment/staging"} {
		if !strings.Contains(g.pushed[0], wanted) || !strings.HasPrefix(g.pushed[0], "PUT ") {
			t.Errorf("the grouping key of %s lacks %s", g.pushed[0], wanted)
		}
	}
}

// A board is told when a drill begins, when it is over, and where its report is, which the history alone knows again.
func TestBoardsAreTold(t *testing.T) {
	t.Parallel()
	g := &gateway{}
	server := httptest.NewServer(g)
	defer server.Close()
	_, dir, said := calm(t, nil, "--push-gateway", server.URL, "--report-url", "https://ci.example/{scenario}/{folder}/report.html",
		"--expect-every", "24h")
	if len(g.pushed) < 2 || !strings.Contains(g.pushed[0], "/group/started") {
		t.Fatalf("it says %s and pushes %v", said, g.pushed)
	}
	const link = "https://ci.example/calm/run/report.html"
	metrics := filepath.Join(dir, "metrics.prom")
	first, err := os.ReadFile(metrics)
	if err != nil || !strings.Contains(string(first), `report="`+link+`"`) || !strings.Contains(string(first), "expected_every_seconds{scenario=\"calm\"} 86400") {
		t.Errorf("the metrics don't tell where the report is, or how often there is one: %v", err)
	}
	if !strings.Contains(g.bodies[0], "expected_every") || !strings.Contains(g.bodies[1], link) {
		t.Error("the gateway was not told")
	}
	p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, exit: func(int) {}}
	p.main(t.Context(), []string{"analyze", dir})
	if again, err := os.ReadFile(metrics); err != nil || !bytes.Equal(first, again) {
		t.Errorf("analyzing again gives other metrics: %v", err)
	}
}

// Where CI says of itself where its results are, that is the link; what can't be one is left out, with its secrets.
func TestReportURL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  []string
		link string
	}{
		"ours":   {[]string{"REGIONDRILL_REPORT_URL=https://a/{folder}", "CI_JOB_URL=https://b"}, "https://a/run"},
		"GitLab": {[]string{"CI_JOB_URL=https://gitlab.example/p/-/jobs/7"}, "https://gitlab.example/p/-/jobs/7"},
		"GitHub": {[]string{"GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=o/r", "GITHUB_RUN_ID=7"}, "https://github.com/o/r/actions/runs/7"},
		"secret": {[]string{"CI_JOB_URL=https://ann:hush@gitlab.example/7"}, ""},
		"query":  {[]string{"BUILD_URL=https://ci.example/7?token=hush"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, dir, said := calm(t, func(p *program) { p.env = append(p.env, c.env...) })
			metrics, err := os.ReadFile(filepath.Join(dir, "metrics.prom"))
			if err != nil || code == exitUsage || !strings.Contains(string(metrics), `report="`+c.link+`"`) {
				t.Errorf("it ends with %d and says %s; %v", code, said, err)
			}
			record, _ := os.ReadFile(filepath.Join(dir, "history.jsonl"))
			if all := said + string(metrics) + string(record); strings.Contains(all, "hush") {
				t.Error("a secret was written")
			}
		})
	}
	for _, wrong := range []string{"https://ann:hush@ci/{folder}", "{folder}?token=hush"} {
		for from, run := range map[string]func() (int, string, string){
			"--report-url": func() (int, string, string) { return calm(t, nil, "--report-url", wrong) },
			"REGIONDRILL_REPORT_URL": func() (int, string, string) {
				return calm(t, func(p *program) { p.env = append(p.env, "REGIONDRILL_REPORT_URL="+wrong) })
			},
		} {
			if code, _, said := run(); code != exitUsage || !strings.Contains(said, from+" must be") || strings.Contains(said, "hush") {
				t.Errorf("%s from %s ends with %d and says %s", wrong, from, code, said)
			}
		}
	}
}

// What only carries a result elsewhere never changes it, and a password reaches no output.
func TestWhatCarriesAResultElsewhere(t *testing.T) {
	t.Parallel()
	closed, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	none := filepath.Join(t.TempDir(), "none", "summary.md")
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	with := func(secret string, url string) string { return strings.Replace(url, "//", "//"+secret+"@", 1) }
	for name, c := range map[string]struct {
		prepare func(*program)
		flags   []string
		says    string
	}{
		"a gateway that is gone": {nil, []string{"--push-gateway", with("ann:hush", gone.URL)},
			"warning: pushing metrics to " + gone.URL},
		"a gateway that refuses": {nil, []string{"--push-gateway", with("ann:hush", refusing.URL)},
			"warning: pushing metrics to " + refusing.URL},
		"no room for a summary": {func(p *program) { p.env = append(p.env, summaryVariable+"="+none) }, nil,
			"warning: appending to " + summaryVariable},
		"nobody reads": {func(p *program) { p.stdout = closed }, nil, "warning: writing the result"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was, _, _ := calm(t, nil)
			code, _, said := calm(t, c.prepare, c.flags...)
			if code != was || code == exitBroken || !strings.Contains(said, c.says) {
				t.Errorf("it ends with %d instead of %d and says %s", code, was, said)
			}
			if strings.Contains(said, "hush") || strings.Contains(said, "ann") {
				t.Errorf("it says %s", said)
			}
		})
	}
}

// An address that can't be pushed to is refused before the drill, without repeating it.
func TestGatewayThatIsNone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"pushgateway:9091", "http://", "ftp://ann:hush@gateway", "http://ann:hush@gateway:x",
		"http://ann:hush@gateway/?token=hush"} {
		code, dir, said := calm(t, nil, "--push-gateway", address)
		if _, err := os.Stat(dir); code != exitUsage || !strings.Contains(said, "--push-gateway: must be") || err == nil {
			t.Errorf("%s ends with %d and says %s; %v", address, code, said, err)
		}
		if strings.Contains(said, "hush") {
			t.Errorf("it says %s", said)
		}
	}
}

// GitHub drops the whole summary of a step when it grows too large, so it is cut at the end of a line.
func TestSummaryFits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "step.md")
	text := strings.Repeat("a line of some length\n", 1000)
	for n := range 3 {
		if err := os.WriteFile(path, make([]byte, summaryMost-n*10000), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		fit := fitting(file, []byte(text))
		if len(fit) > n*10000 {
			t.Errorf("%d bytes don't fit into %d", len(fit), n*10000)
		}
		if n > 0 && !strings.HasSuffix(string(fit), "length\n\nThe rest is in summary.md of the run's folder.\n") {
			t.Errorf("it ends with %q", fit[len(fit)-80:])
		}
	}
}

// TestFullDisk: what the disk has no room for is said in words, wherever it was noticed.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &program{stderr: &out}
	p.complain(fmt.Errorf("writing the history: %w", &os.PathError{Op: "write", Path: "history.jsonl", Err: syscall.ENOSPC}))
	if said := out.String(); !strings.HasPrefix(said, "regiondrill: the disk is full: writing the history: ") {
		t.Errorf("it says %s", said)
	}
}

// Of several drills one that can't be begun leaves the others as they are, with why; where none can be, nothing was
// started; and a part of several that holds no other says so to whoever merges it.
func TestOneOfSeveralIsNotBegun(t *testing.T) {
	t.Parallel()
	lacking := func(from int) func(*program) {
		n := 0
		return func(p *program) {
			p.catalog.Targets[0].New = func() harness.Target {
				n++
				return toyTarget{can: true, bare: n > from}
			}
		}
	}
	for name, c := range map[string]struct {
		from  int // how many times the target can be had; the first three are asked what it can carry
		flags []string
		code  int
	}{
		"the second": {4, nil, exitUnknown},
		"both":       {3, nil, exitUsage},
		"of a part":  {3, []string{"--shard", "1/1"}, exitUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, dir, said := calm(t, lacking(c.from), append(c.flags, filepath.Join("testdata", "toy.yaml"), "--set", "settle=1500ms")...)
			if code != c.code || !strings.Contains(said, "toy was not begun: ") {
				t.Errorf("it ends with %d and says %s", code, said)
			}
			text, err := os.ReadFile(filepath.Join(dir, "verdict.json"))
			if begun := err == nil && strings.Contains(string(text), `"code": "not_begun"`); begun != (code == exitUnknown) {
				t.Errorf("it leaves %s, %v", text, err)
			}
		})
	}
}
