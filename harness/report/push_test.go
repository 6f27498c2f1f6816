package report

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// seriesOfAPair is what one pair of a probe and a fault leaves behind in every run, at most: two bounds of each of two
// times, the objective, five phases, and three percentiles of three windows.
const seriesOfAPair = 2 + 2 + 1 + 5 + 9

// pushed is one request that a Pushgateway got.
type pushed struct {
	method, path   string
	user, password string
	families       map[string]*dto.MetricFamily
}

// gateway takes what is pushed, and answers with the statuses in turn, the last one again and again.
func gateway(t *testing.T, statuses ...int) (g *Gateway, got func() []pushed) {
	t.Helper()
	var all []pushed
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := pushed{method: r.Method, path: r.URL.Path, families: map[string]*dto.MetricFamily{}}
		decoder := expfmt.NewDecoder(r.Body, expfmt.ResponseFormat(r.Header))
		for {
			var f dto.MetricFamily
			if err := decoder.Decode(&f); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("what was pushed can't be read: %v", err)
				break
			}
			p.families[f.GetName()] = &f
		}
		p.user, p.password, _ = r.BasicAuth()
		w.WriteHeader(statuses[min(len(all), len(statuses)-1)])
		all = append(all, p)
	}))
	t.Cleanup(s.Close)
	g, err := ParseGateway(strings.Replace(s.URL, "//", "//ann:hush@", 1))
	if err != nil {
		t.Fatal(err)
	}
	g.wait = time.Millisecond
	return g, func() []pushed { return all }
}

// Only gauges, put under the grouping key, without the label that is in it; the last success in a group of its own.
func TestPush(t *testing.T) {
	g, got := gateway(t, http.StatusOK)
	drill, up := sample(t, "flagship"), verdict.Seconds(2)
	some := &verdict.Interval{Lower: 1, Upper: &up}
	m := &drill.Verdict.Measures
	m.Invariants = append(m.Invariants, verdict.Invariant{Name: history.NoForeignToken, Grade: verdict.Pass},
		verdict.Invariant{Name: history.NoWrongAudience, Grade: verdict.Unknown})
	m.RecoveryPoints = append(m.RecoveryPoints, verdict.RecoveryPoint{Of: "grants", Region: "eu-west-1", Actual: some})
	m.Further = []verdict.Further{{Name: "replication_lags",
		Entries: []verdict.ReplicationLag{{From: "us-east-1", To: "eu-west-1", Max: some}}}}
	if err := replay(open(drill)).Push(t.Context(), g, "regiondrill", "ci"); err != nil {
		t.Fatal(err)
	}
	all := got()
	if n := len(all[0].families[Namespace+"_last_run_invariant_violations"].GetMetric()); n != 1 {
		t.Errorf("%d invariants are told, of one that was kept and one of which nobody can say", n)
	}
	if len(all) != 2 {
		t.Fatalf("%d requests", len(all))
	}
	for i, key := range [][]string{{"job", "regiondrill", "scenario", "primary-region-outage", "environment", "ci"},
		{"job", "regiondrill", "scenario", "primary-region-outage", "environment", "ci", "group", "success"}} {
		parts := strings.Split(strings.TrimPrefix(all[i].path, "/metrics/"), "/")
		slices.Sort(parts)
		slices.Sort(key)
		if all[i].method != http.MethodPut || !slices.Equal(parts, key) {
			t.Errorf("%s %s", all[i].method, all[i].path)
		}
		for name, f := range all[i].families {
			if f.GetType() != dto.MetricType_GAUGE {
				t.Errorf("%s is a %v, which means nothing on a Pushgateway", name, f.GetType())
			}
			for _, m := range f.Metric {
				if slices.ContainsFunc(m.Label, func(l *dto.LabelPair) bool { return l.GetName() == "scenario" }) {
					t.Errorf("%s has a label scenario beside the grouping key's", name)
				}
			}
		}
	}
	for _, name := range append(slices.Clone(lastRunFamilies), endFamilies...) {
		if name != everyFamily && all[0].families[Namespace+"_"+name] == nil {
			t.Errorf("%s was not pushed", name)
		}
	}
	if all[1].families[Namespace+"_"+successFamily] == nil {
		t.Errorf("the instant of the success was not pushed")
	}
}

// A run that did not pass must not touch the instant of the last one that did.
func TestPushOfAFailureKeepsTheLastSuccess(t *testing.T) {
	g, got := gateway(t, http.StatusAccepted)
	if err := replay(open(sample(t, "never-recovered"))).Push(t.Context(), g, "regiondrill", "ci"); err != nil {
		t.Fatal(err)
	}
	if all := got(); len(all) != 1 || all[0].families[Namespace+"_"+successFamily] != nil {
		t.Errorf("pushed %v", all)
	}
}

// held is a gateway that answers a look at it with what it holds.
func held(t *testing.T, holds string) (g *Gateway, put *int) {
	t.Helper()
	put = new(int)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case user != "ann" || password != "hush":
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodGet && r.URL.Path == "/prefix/metrics":
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			_, _ = io.WriteString(w, holds)
		case r.Method == http.MethodPut:
			*put++
		}
	}))
	t.Cleanup(s.Close)
	g, err := ParseGateway(strings.Replace(s.URL, "//", "//ann:hush@", 1) + "/prefix/")
	if err != nil {
		t.Fatal(err)
	}
	return g, put
}

// A run that was killed is concluded where the gateway holds nothing later of its scenario and environment.
func TestPushRecovered(t *testing.T) {
	const started = `regiondrill_run_started_timestamp_seconds{job="regiondrill",instance="",scenario="stopped",environment="ci",group="started",run=`
	const ended = `regiondrill_run_end_timestamp_seconds{job="regiondrill",instance="",scenario="stopped",environment="ci",grade="pass",run=`
	for name, c := range map[string]struct {
		holds string
		puts  int
		says  string
	}{
		"nothing":              {"", 1, ""},
		"its own beginning":    {started + "\"20261123T155611Z\"} 1\n" + ended + "\"20261122T155611Z\"} 1\n", 1, ""},
		"a later beginning":    {started + "\"20261124T155611Z\"} 1\n", 0, "a later run of stopped (20261124T155611Z)"},
		"a later end":          {ended + "\"20261124T155611Z\"} 1\n", 0, "a later run of stopped (20261124T155611Z)"},
		"a later one of a day": {strings.Replace(started, "ci", "gameday", 1) + "\"20261124T155611Z\"} 1\n", 1, ""},
		"no metrics":           {"{", 0, "asking "},
	} {
		g, put := held(t, c.holds)
		r := sample(t, "stopped")
		r.History.End.Undone = false
		for i := range r.History.Events {
			if end := r.History.Events[i].End; end != nil {
				end.Undone = false
			}
		}
		m := Replay(r)
		const left = `last_run_undo_failures{scenario="stopped"} `
		if !strings.Contains(prometheusText(t, m), left+"1") {
			t.Fatalf("%s: nothing was left to undo", name)
		}
		err := m.PushRecovered(t.Context(), g, "regiondrill", "ci")
		if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s: %v", name, err)
		}
		if *put != c.puts || !strings.Contains(prometheusText(t, m), left+"0") {
			t.Errorf("%s: %d pushes, not %d, of\n%s", name, *put, c.puts, prometheusText(t, m))
		}
	}
}

func prometheusText(t *testing.T, m *Metrics) string {
	t.Helper()
	var b strings.Builder
	if err := m.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A drill says when it begins, in a group of its own, and that it is over with its results: under the same run.
func TestPushStart(t *testing.T) {
	g, got := gateway(t, http.StatusOK)
	r := sample(t, "flagship")
	r.History.Plan.Origin = history.Origin{Run: "20261123T155500Z", Folder: "20261123T155500Z-primary-region-outage",
		ReportURL: "https://ci.example/7", ExpectEvery: history.Seconds(86400)}
	m := NewMetrics()
	_ = m.Record(history.Event{Plan: &r.History.Plan})
	if err := m.PushStart(t.Context(), g, "regiondrill", "ci"); err != nil {
		t.Fatal(err)
	}
	if err := Replay(r).Push(t.Context(), g, "regiondrill", "ci"); err != nil {
		t.Fatal(err)
	}
	all := got()
	if !strings.Contains(all[0].path, "/group/started") || strings.Contains(all[1].path, "/group/") {
		t.Fatalf("pushed to %s and %s", all[0].path, all[1].path)
	}
	words := func(f *dto.MetricFamily) string { return f.String() }
	for _, name := range startFamilies {
		if all[0].families[Namespace+"_"+name] == nil {
			t.Errorf("%s was not pushed", name)
		}
	}
	end := words(all[1].families[Namespace+"_run_end_timestamp_seconds"])
	for _, wanted := range []string{"20261123T155500Z", "https://ci.example/7", "20261123T155500Z-primary-region-outage", `"pass"`} {
		if !strings.Contains(end, wanted) {
			t.Errorf("the end of the run doesn't tell %s: %s", wanted, end)
		}
	}
	if begun := words(all[0].families[Namespace+"_run_started_timestamp_seconds"]); !strings.Contains(begun, "20261123T155500Z") {
		t.Errorf("the beginning is another run's: %s", begun)
	}
}

// A link leads to a page and holds no secret, wherever it comes from.
func TestReportLink(t *testing.T) {
	for _, refused := range []string{"javascript:alert(1)", "runs/1/report.html", "https://ann:hush@ci/1", "https://ci/1?token=hush",
		"https://ci/1#hush", "https://ci/\x1b[2J", "https://ci/" + strings.Repeat("hush", 200), "https:///1"} {
		link, err := ReportLink(refused)
		if err == nil || link != "" || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %q, %v", refused, link, err)
		}
		r := sample(t, "flagship")
		r.History.Plan.ReportURL = refused
		if prom := string(export(t, "metrics.prom", r)); strings.Contains(prom, "hush") || strings.Contains(prom, "javascript") {
			t.Errorf("%s is among the metrics", refused)
		}
	}
	if link, err := ReportLink("https://ci.example/drills/1/report.html"); link != "https://ci.example/drills/1/report.html" || err != nil {
		t.Errorf("%q, %v", link, err)
	}
}

// What could not be believed, or never came, is no number that a board would rank or take a mean of.
func TestRunsThatMeasuredNothing(t *testing.T) {
	doubted := sample(t, "flagship")
	doubted.Verdict.Validity.Grade = verdict.Unknown
	for name, c := range map[string]struct {
		report *Report
		has    []string
		hasNot []string
	}{
		"not valid":  {doubted, []string{"run_end_timestamp_seconds"}, []string{"run_recovery_time_actual", "run_failback", "run_sign_in", "run_recovery_phase"}},
		"stopped":    {sample(t, "stopped"), []string{`grade="unknown"`}, []string{"run_recovery_time_actual"}},
		"never back": {sample(t, "never-recovered"), []string{`ended_by="never",fault="virginia-dark",probe="staff",region="",run="20261123T155611Z",scenario="never-recovered"} +Inf`}, []string{"run_recovery_phase"}},
	} {
		text := string(export(t, "metrics.prom", c.report))
		for _, words := range c.has {
			if !strings.Contains(text, words) {
				t.Errorf("%s: there is no %s in\n%s", name, words, text)
			}
		}
		for _, words := range c.hasNot {
			if strings.Contains(text, "_"+words) {
				t.Errorf("%s: there is %s in\n%s", name, words, text)
			}
		}
	}
}

// However much a scenario crosses, a run leaves a bounded number of series.
func TestSeriesOfARun(t *testing.T) {
	v := &verdict.Verdict{Started: time.Unix(1, 0)}
	v.Validity.Grade = verdict.Pass
	up := verdict.Seconds(2)
	for i := range 100 {
		probe := fmt.Sprintf("probe-%d", i)
		v.Findings = append(v.Findings, verdict.Finding{Subject: verdict.Subject{Probe: probe, Fault: "dark", Measure: verdict.RecoveryTime, Within: &up}})
		v.Recoveries = append(v.Recoveries, verdict.Recovery{Probe: probe, Fault: "dark", EndedBy: verdict.Failover,
			RecoveryTimeActual: &verdict.Interval{Upper: &up}, Failback: &verdict.Interval{}, Phases: &verdict.Phases{}})
		for _, w := range []string{verdict.Baseline, verdict.Fault, verdict.After} {
			v.Windows = append(v.Windows, verdict.Window{Probe: probe, Fault: "dark", Window: w, Good: 1000, Latency: &verdict.Latency{}})
		}
	}
	m := NewMetrics()
	_ = m.Record(history.Event{Plan: &history.Plan{Scenario: "s", Zero: time.Unix(1, 0)}})
	m.Conclude(v)
	families, err := m.only(endFamilies...).Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, f := range families {
		series += len(f.Metric)
	}
	if series != 1+maxPairs*seriesOfAPair {
		t.Errorf("%d series", series)
	}
}

// What might still succeed is tried again, what was refused isn't, and no password is told.
func TestPushAgain(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		requests int
		says     string
	}{
		"busy at first": {[]int{503, 429, 200}, 4, ""},
		"broken":        {[]int{500}, 1 + retries, "500"},
		"refused":       {[]int{401}, 1, "401"},
		"half of it":    {[]int{200, 400}, 2, "pushing the instant of the last success"},
		"half at first": {[]int{200, 502, 200}, 3, ""},
	} {
		g, got := gateway(t, c.statuses...)
		err := replay(open(sample(t, "flagship"))).Push(t.Context(), g, "regiondrill", "ci")
		if n := len(got()); n != c.requests {
			t.Errorf("%s: %d requests, not %d", name, n, c.requests)
		}
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "ann")) {
			t.Errorf("%s: %v", name, err)
		}
		for _, p := range got() {
			if p.user != "ann" || p.password != "hush" || len(p.families) == 0 {
				t.Errorf("%s: pushed %v as %q", name, p.families, p.user)
			}
		}
	}
}

// Live and replayed metrics are the same, and OpenMetrics is served to who asks.
func TestLiveIsReplayed(t *testing.T) {
	r := sample(t, "flagship")
	m := NewMetrics()
	for _, e := range events(r.History) {
		if err := m.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	m.Conclude(r.Verdict)
	var live strings.Builder
	if err := m.WriteText(&live); err != nil {
		t.Fatal(err)
	}
	// Sums of floats depend on their order in the last digit; all else must be equal.
	if a, b := withoutSums(live.String()), withoutSums(string(export(t, "metrics.prom", r))); a != b {
		t.Errorf("live and replayed metrics differ:\n%s\n%s", a, b)
	}
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	m.Handler().ServeHTTP(w, req)
	ct := w.Header().Get("Content-Type")
	if w.Code != http.StatusOK || !strings.HasPrefix(ct, "application/openmetrics-text") ||
		!strings.HasSuffix(w.Body.String(), "# EOF\n") {
		t.Errorf("%d %s", w.Code, ct)
	}
}

func withoutSums(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if !strings.Contains(line, "_sum{") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// A fault is active from its proof until it is proven healed, and no series is missing before anything happened.
func TestActiveFaultLive(t *testing.T) {
	m := NewMetrics()
	series := func() string {
		var b strings.Builder
		if err := m.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	const active = `regiondrill_fault_active{fault="virginia-dark",region="us-east-1",scenario="primary-region-outage"} `
	for _, e := range events(sample(t, "flagship").History) {
		_ = m.Record(e)
		switch at := e.At.Seconds(); {
		case e.Plan != nil && !strings.Contains(series(), active+"0") || e.Plan != nil && !strings.Contains(series(), `outcome="bad"`):
			t.Fatalf("after the plan:\n%s", series())
		case e.Fault != nil && strings.Contains(series(), active+"1") != (at > 10.01 && at < 40.01):
			t.Errorf("at %v:\n%s", at, series())
		}
	}
}
