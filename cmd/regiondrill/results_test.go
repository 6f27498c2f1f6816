package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

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

// gateway is a Pushgateway as far as pushing goes.
type gateway struct {
	mu     sync.Mutex
	pushed []string
}

func (g *gateway) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pushed = append(g.pushed, r.Method+" "+r.URL.Path)
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
