package report

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

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
	if err := replay(open(sample(t, "flagship"))).Push(t.Context(), g, "regiondrill", "ci"); err != nil {
		t.Fatal(err)
	}
	all := got()
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
	for _, name := range lastRunFamilies {
		if all[0].families[Namespace+"_"+name] == nil {
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
