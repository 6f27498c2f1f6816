package report

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/runs"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// annotated is an annotation as Grafana takes and gives it.
type annotated struct {
	Time    int64    `json:"time"`
	TimeEnd int64    `json:"timeEnd"`
	Tags    []string `json:"tags"`
	Text    string   `json:"text"`
}

// grafana holds the documented contract of /api/annotations: a token, times in milliseconds, all tags that are asked for.
type grafana struct {
	status int // that it answers, instead of doing anything; 0: none
	asked  int
	held   []annotated
}

func (g *grafana) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.asked++
	if g.status != 0 || r.URL.Path != "/below/api/annotations" || r.Header.Get("Authorization") != "Bearer hush" {
		w.Header().Set("Location", "http://127.0.0.1:1/")
		http.Error(w, `{"message": "`+r.Header.Get("Authorization")+`"}`, cmp.Or(g.status, http.StatusUnauthorized))
		return
	}
	if r.Method == http.MethodPost {
		var a annotated
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil || a.Text == "" || a.Time == 0 {
			http.Error(w, `{"message": "bad request data"}`, http.StatusBadRequest)
			return
		}
		if a.TimeEnd == 0 {
			a.TimeEnd = a.Time
		}
		g.held = append(g.held, a)
		_, _ = w.Write([]byte(`{"message": "Annotation added", "id": 1}`))
		return
	}
	ask := r.URL.Query()
	from, _ := strconv.ParseInt(ask.Get("from"), 10, 64)
	to, _ := strconv.ParseInt(ask.Get("to"), 10, 64)
	found := []annotated{}
	for _, a := range g.held {
		lacks := slices.ContainsFunc(ask["tags"], func(tag string) bool { return !slices.Contains(a.Tags, tag) })
		if !lacks && a.Time <= to && a.TimeEnd >= from {
			found = append(found, a)
		}
	}
	_ = json.NewEncoder(w).Encode(found)
}

// at is a Grafana below a path of a server, as the command line names it.
func (g *grafana) at(t *testing.T, token string) *Grafana {
	t.Helper()
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	to, err := ParseGrafana(server.URL+"/below/", func(string) string { return token })
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// A fault is marked while it was in force, with the outcome and where to read more; whoever says it again adds nothing.
func TestFaultsAreMarked(t *testing.T) {
	r := sample(t, "flagship")
	r.History.Plan.ReportURL = "https://ci.test/<1>/report.html"
	r.History.Plan.Run = "20261123T155611Z"
	g := &grafana{}
	to := g.at(t, "hush")
	for range 2 {
		if err := to.Annotate(t.Context(), AnnotationsOf(r, "ci")); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.held) != 1 {
		t.Fatalf("it holds %+v", g.held)
	}
	zero, a := r.History.Plan.Zero, g.held[0]
	tags := []string{"regiondrill", "scenario:primary-region-outage", "environment:ci", "fault:virginia-dark", "run:20261123T155611Z"}
	if !slices.Equal(a.Tags, tags) || a.Time != zero.Add(10020*time.Millisecond).UnixMilli() ||
		a.TimeEnd != zero.Add(40010*time.Millisecond).UnixMilli() {
		t.Errorf("%+v", a)
	}
	if !strings.HasPrefix(a.Text, "PASS: primary-region-outage (ci): ") || strings.Contains(a.Text, "<") {
		t.Errorf("it says %s", a.Text)
	}
	r.History.Plan.Virtual = true
	if all := AnnotationsOf(r, ""); len(all) > 0 {
		t.Errorf("a simulated drill is marked: %v", all)
	}
}

// A change is marked once, however often a trend is told.
func TestChangesAreMarked(t *testing.T) {
	before, since := verdict.Seconds(3), time.Date(2026, 11, 11, 2, 0, 0, 0, time.UTC)
	all := &runs.Trends{Measures: []runs.Trend{{Series: runs.Series{Scenario: "toy", Target: "lab", Probe: "staff", Fault: "dark"},
		Changes: []runs.Shift{{Begun: since, Folder: "11", Before: &before, Worse: true, P: 0.001}}}}}
	decide := all.Measures[0]
	decide.Phase = "decide"
	all.Measures = append(all.Measures, decide)
	g := &grafana{}
	to := g.at(t, "hush")
	for range 3 {
		if err := to.Annotate(t.Context(), AnnotationsOfChanges(all)); err != nil {
			t.Fatal(err)
		}
	}
	const want = "recovery_time of staff from dark is worse since 2026-11-11 (11): 3.00 s before, half or more never recovered " +
		"after, p = 0.001"
	if len(g.held) != 2 || g.held[0].Time != since.UnixMilli() || g.held[0].Text != want ||
		!slices.Contains(g.held[1].Tags, "change:decide") {
		t.Errorf("it holds %+v", g.held)
	}
}

// What keeps a Grafana from taking it is told, without the token, and nobody else is asked.
func TestAGrafanaThatRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		token  string
		says   string
	}{
		"another token":  {0, "wrong", "it knows no such token as that of REGIONDRILL_GRAFANA_TOKEN"},
		"may not":        {http.StatusForbidden, "hush", "the token of REGIONDRILL_GRAFANA_TOKEN may not read and write"},
		"leads away":     {http.StatusFound, "hush", "it was answered 302"},
		"has no room":    {http.StatusInternalServerError, "hush", "it was answered 500 Internal Server Error"},
		"is no Grafana":  {http.StatusOK, "hush", "what it answered is not what Grafana would"},
		"is not reached": {-1, "hush", "it can't be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &grafana{status: c.status}
			to := g.at(t, c.token)
			if c.status < 0 {
				to.address = "http://127.0.0.1:1"
			}
			err := to.Annotate(t.Context(), AnnotationsOf(sample(t, "flagship"), ""))
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), c.token+" ") || g.asked > 1 {
				t.Errorf("asked %d times: %v", g.asked, err)
			}
		})
	}
	for _, address := range []string{"", "grafana:3000", "ftp://grafana", "http://ann:hush@grafana", "http://grafana/?a=b"} {
		if _, err := ParseGrafana(address, func(string) string { return "hush" }); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, token := range []string{"", "two words"} {
		_, err := ParseGrafana("http://grafana", func(string) string { return token })
		if err == nil || token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v", token, err)
		}
	}
}
