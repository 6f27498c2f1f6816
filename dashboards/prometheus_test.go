package dashboards_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/report"
)

// patience bounds every wait. It is far more than any of them needs.
const patience = time.Minute

// listening is how a program of Prometheus's kin says where it listens, in its log.
var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

// start runs a program that listens on a port of its own choice, and gives that back. It is gone when the test is over.
func start(t *testing.T, program string, args ...string) (address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	cmd := exec.CommandContext(ctx, program, append(args, "--web.listen-address=127.0.0.1:0")...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	t.Cleanup(func() {
		cancel()
		_, _ = io.Copy(io.Discard, log)
		_ = cmd.Wait() // it was told to end
	})
	var said strings.Builder
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }() // or it would wait for a reader
			return m[1]
		}
	}
	t.Fatalf("%s ended before it listened:\n%s", program, &said)
	return ""
}

// pushgateway is where a real Pushgateway listens.
func pushgateway(t *testing.T) (address string) {
	t.Helper()
	for _, name := range []string{"prometheus-pushgateway", "pushgateway"} { // Debian's name, and its makers'
		if program, err := exec.LookPath(name); err == nil {
			return start(t, program, "--persistence.file=") // Debian's would keep what is pushed for the next test
		}
	}
	t.Skip("no Pushgateway is installed (Debian: apt-get install prometheus-pushgateway)")
	return ""
}

// prometheus is a real Prometheus with the configuration and the rules of this repository, in a hurry.
type prometheus struct{ address string }

func startPrometheus(t *testing.T, gateway, live string) prometheus {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("prometheus is not installed (Debian: apt-get install prometheus)")
	}
	dir := t.TempDir()
	configure(t, dir, "pushgateway:9091", gateway, "host.docker.internal:9464", live)
	return prometheus{start(t, program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"))}
}

// TestRemoteWrite writes a run to a real Prometheus, of whatever version it is, and finds all of it there: 2.42, for one,
// says that all went well of what it can't read.
func TestRemoteWrite(t *testing.T) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("prometheus is not installed (Debian: apt-get install prometheus)")
	}
	dir := t.TempDir()
	configure(t, dir, `["pushgateway:9091"]`, "[]", `["host.docker.internal:9464"]`, "[]")
	p := prometheus{start(t, program, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.enable-remote-write-receiver")}
	to, err := report.ParseReceiver("http://" + p.address)
	if err != nil {
		t.Fatal(err)
	}
	m := report.Replay(recorded(t, "never-recovered", time.Now()))
	await(t, func(ctx context.Context) error { return m.WriteStart(ctx, to, "regiondrill", "ci") }) // until it is ready
	if err := m.Write(t.Context(), to, "regiondrill", "ci"); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		`regiondrill_run_recovery_time_actual_seconds{job="regiondrill",environment="ci",bound="upper"} == +Inf`: math.Inf(1),
		`regiondrill_last_run_valid{scenario="never-recovered",environment="ci"}`:                                1,
		`count(regiondrill_run_started_timestamp_seconds{folder!="",run!=""})`:                                   1,
		`count({__name__=~"regiondrill_.*",job="regiondrill",scenario="never-recovered"}) > bool 30`:             1,
	}
	for expr, value := range want {
		a, err := p.query(t.Context(), expr, true, lately())
		if err != nil || len(a.Result) == 0 || a.Result[0].number(t) != value {
			t.Errorf("%s: %v, %v", expr, a, err)
		}
	}
}

// configure writes the configuration and the rules of this repository down, for one in a hurry, with some words of them
// replaced.
func configure(t *testing.T, dir string, replaced ...string) {
	t.Helper()
	words := strings.NewReplacer(append([]string{"_interval: 15s", "_interval: 200ms"}, replaced...)...)
	for _, name := range []string{"prometheus.yml", "rules.yml"} {
		data, err := os.ReadFile(filepath.Join("prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(words.Replace(string(data))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// get asks its API and decodes the data of the answer.
func (p prometheus) get(ctx context.Context, path string, ask url.Values, data any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+path+"?"+ask.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer := struct {
		Error string
		Data  any
	}{Data: data}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	if answer.Error != "" {
		return fmt.Errorf("%s: %s", resp.Status, answer.Error)
	}
	return nil
}

// answer is a vector or a matrix.
type answer struct {
	Result []series
}

type series struct {
	Metric map[string]string
	Value  [2]any // the instant, and the value as a string
	Values [][2]any
}

// number is the value at an instant.
func (s series) number(t *testing.T) float64 {
	t.Helper()
	text, _ := s.Value[1].(string)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("%v has the value %v", s.Metric, s.Value)
	}
	return v
}

// view is the time that a board shows.
type view struct {
	end        time.Time
	long, step time.Duration
}

// lately is the last minute.
func lately() view { return view{time.Now(), time.Minute, time.Second} }

// query asks as Grafana does: a stretch of time for a curve, its end for a table.
func (p prometheus) query(ctx context.Context, expr string, instant bool, v view) (a answer, err error) {
	at := func(t time.Time) string { return fmt.Sprint(float64(t.UnixMilli()) / 1000) }
	if instant {
		err = p.get(ctx, "/api/v1/query", url.Values{"query": {expr}, "time": {at(v.end)}}, &a)
		return a, err
	}
	err = p.get(ctx, "/api/v1/query_range", url.Values{"query": {expr}, "start": {at(v.end.Add(-v.long))}, "end": {at(v.end)},
		"step": {fmt.Sprint(v.step.Seconds())}}, &a)
	return a, err
}

// await polls until ready says yes, and fails with what it said last.
func await(t *testing.T, ready func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-again.C:
		}
	}
}

// TestPrometheusAnswersTheDashboard lets a real Prometheus scrape the results of the flagship, from a real Pushgateway
// and from what this package takes for one, and asks everything that the dashboard asks.
func TestPrometheusAnswersTheDashboard(t *testing.T) {
	// Side by side, because each waits five seconds until Prometheus has looked for its targets.
	t.Run("from a Pushgateway", func(t *testing.T) {
		t.Parallel()
		checkAnswers(t, pushgateway(t))
	})
	t.Run("from the tests' own", func(t *testing.T) {
		t.Parallel()
		gateway := httptest.NewServer(newShelf(t))
		defer gateway.Close()
		checkAnswers(t, gateway.Listener.Addr().String())
	})
}

func checkAnswers(t *testing.T, gateway string) {
	drill := recorded(t, "flagship", time.Now().Add(-2*time.Minute))
	live := httptest.NewServer(report.Replay(drill).Handler())
	t.Cleanup(live.Close)
	p := startPrometheus(t, gateway, live.Listener.Addr().String())
	push(t, "http://"+gateway, drill, "ci")
	for _, last := range []string{`regiondrill_run_last_success_timestamp_seconds{job="regiondrill",environment="ci"}`, `regiondrill_attempts_total{environment="live"}`} {
		await(t, func(ctx context.Context) error {
			a, err := p.query(ctx, last, true, lately())
			if err == nil && len(a.Result) == 0 {
				err = fmt.Errorf("Prometheus has not got %s", last)
			}
			return err
		})
	}
	t.Run("rules", func(t *testing.T) { checkRules(t, p) })
	for _, chosen := range []struct{ name, environment, scenario string }{
		{"all", ".*", ".*"},
		{"one", "ci", "primary-region-outage"},
	} {
		t.Run(chosen.name, func(t *testing.T) {
			checkPanels(t, p, recoveryBoard, values(chosen.environment, chosen.scenario, "1h"), lately())
		})
	}
	t.Run("variables", func(t *testing.T) { checkVariables(t, p) })
}

// checkPanels wants a series for every query of every panel, with every label that its legend shows and every column
// that its table takes from the labels.
func checkPanels(t *testing.T, p prometheus, board string, values *strings.Replacer, v view) {
	d := read(t, board)
	for _, mark := range d.Annotations.List {
		if mark.Expr == "" { // it asks Grafana itself
			continue
		}
		asks := v
		if step, err := time.ParseDuration(mark.Step); err == nil {
			asks.step = step
		}
		if a, err := p.query(t.Context(), values.Replace(mark.Expr), false, asks); err != nil || len(a.Result) == 0 {
			t.Errorf("annotation %q marks nothing (%v): %s", mark.Name, err, mark.Expr)
		}
	}
	for _, panel := range d.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("panel %q asks nothing", panel.Title)
		}
		found := map[string]bool{}
		for _, target := range panel.Targets {
			a, err := p.query(t.Context(), values.Replace(target.Expr), target.Instant, v)
			if err != nil || len(a.Result) == 0 {
				t.Errorf("panel %q is empty (%v): %s", panel.Title, err, values.Replace(target.Expr))
			}
			found["Value #"+target.RefID] = true
			for _, series := range a.Result {
				for name := range series.Metric {
					found[name] = true
				}
				for _, name := range legendOf(target.LegendFormat) {
					// A baseline is before all faults, so its fault has no name.
					if series.Metric[name] == "" && (name != "fault" || series.Metric["window"] != "baseline") {
						t.Errorf("panel %q: %v has no %s to show", panel.Title, series.Metric, name)
					}
				}
			}
		}
		for _, change := range panel.Transformations {
			for column := range change.Options.RenameByName {
				if !found[column] && column != `bar\phase` {
					t.Errorf("panel %q: nothing has a %q to show", panel.Title, column)
				}
			}
		}
	}
}

// checkVariables wants the names of the drill and of its environment offered.
func checkVariables(t *testing.T, p prometheus) {
	for _, v := range read(t, recoveryBoard).Templating.List {
		m := labelValues.FindStringSubmatch(v.Definition)
		if m == nil {
			continue
		}
		var offered []string
		selector := strings.ReplaceAll(m[1], "$environment", ".*")
		if err := p.get(t.Context(), "/api/v1/label/"+m[2]+"/values", url.Values{"match[]": {selector}}, &offered); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"environment": "ci", "scenario": "primary-region-outage"}[v.Name]
		if !slices.Contains(offered, want) {
			t.Errorf("variable %s offers %q, without %q", v.Name, offered, want)
		}
	}
}

// checkRules waits until every rule was evaluated, and wants none to be in error.
func checkRules(t *testing.T, p prometheus) {
	want := len(ruleQueries(t))
	await(t, func(ctx context.Context) error {
		var found struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
		if err := p.get(ctx, "/api/v1/rules", nil, &found); err != nil {
			return err
		}
		well := 0
		for _, g := range found.Groups {
			for _, r := range g.Rules {
				if r.Health == "ok" {
					well++
				} else if r.LastError != "" {
					t.Fatalf("%s: %s", r.Name, r.LastError)
				}
			}
		}
		if well != want {
			return fmt.Errorf("of %d rules %d were evaluated", want, well)
		}
		return nil
	})
}
