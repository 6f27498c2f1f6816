package dashboards_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"

	"github.com/regiondrill/regiondrill/dashboards"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/runs"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// The boards.
const (
	recoveryBoard = "grafana/regiondrill.json"
	liveBoard     = "grafana/regiondrill-live.json"
	monthsBoard   = "grafana/regiondrill-months.json"
)

// labels are the labels of each metric.
type labels map[string]map[string]bool

func (l labels) add(metric string, names ...string) {
	if l[metric] == nil {
		l[metric] = map[string]bool{}
	}
	for _, n := range names {
		l[metric][n] = true
	}
}

// pushed is what a Pushgateway really holds after a run, as Prometheus scrapes it with honor_labels: the pushed series,
// the grouping key, instance, and the Pushgateway's own two instants a group.
func pushed(t *testing.T) labels {
	t.Helper()
	held := newShelf(t)
	gateway := httptest.NewServer(held)
	defer gateway.Close()
	push(t, gateway.URL, recorded(t, "flagship", time.Now()), "ci")
	return labelsOf(held.held())
}

// scraped is what Prometheus gets of a drill that is served, with the labels that it adds.
func scraped(t *testing.T) labels {
	t.Helper()
	families, err := report.Replay(recorded(t, "flagship", time.Now())).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		labelled(f, scrapedLabels...)
	}
	return labelsOf(families)
}

// givenOf is what Prometheus has of past runs that were given to it.
func givenOf(t *testing.T) labels {
	t.Helper()
	fill := report.Backfill{Job: "regiondrill"}
	if _, err := fill.Add(recorded(t, "flagship", time.Now()), "ci"); err != nil {
		t.Fatal(err)
	}
	if err := fill.AddChanges(changed(time.Now())); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := fill.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	all := labels{}
	for _, m := range sampleLine.FindAllStringSubmatch(text.String(), -1) {
		for _, l := range labelName.FindAllStringSubmatch(m[2], -1) {
			all.add(m[1], l[1])
		}
	}
	return all
}

// Names and labels in OpenMetrics' text.
var (
	sampleLine = regexp.MustCompile(`(?m)^([a-z_]+)\{(.*)\} `)
	labelName  = regexp.MustCompile(`([a-z_]+)="[^"]*"`)
)

// changed is that the recovery of staff became slower, and one of its phases, from a run on.
func changed(at time.Time) *runs.Trends {
	before, after := verdict.Seconds(3), verdict.Seconds(4.5)
	all := &runs.Trends{}
	for _, phase := range []string{"", "decide"} {
		all.Measures = append(all.Measures, runs.Trend{
			Series: runs.Series{Scenario: "primary-region-outage", Target: "lab", Environment: "nightly", Probe: "staff",
				Fault: "virginia-dark", Phase: phase},
			Changes: []runs.Shift{{Begun: at, Before: &before, After: &after, Worse: true}}})
	}
	return all
}

var scrapedLabels = pairs("job", "regiondrill-live", "instance", "host.docker.internal:9464", "environment", "live")

// push tells a Pushgateway of a run, its beginning and its end.
func push(t *testing.T, url string, r *report.Report, environment string) {
	t.Helper()
	gateway, err := report.ParseGateway(url)
	if err != nil {
		t.Fatal(err)
	}
	m := report.Replay(r)
	if err := errors.Join(m.PushStart(t.Context(), gateway, "regiondrill", environment), m.Push(t.Context(), gateway, "regiondrill", environment)); err != nil {
		t.Fatal(err)
	}
}

// recorded is one of the histories worked by hand, with its verdict, as if its warm-up had ended at zero, and run every
// day.
func recorded(t *testing.T, name string, zero time.Time) *report.Report {
	t.Helper()
	ar, err := txtar.ParseFile("../harness/analysis/testdata/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	r := &report.Report{Verdict: &verdict.Verdict{}}
	for _, f := range ar.Files {
		switch f.Name {
		case "history.jsonl":
			r.History, err = history.Read(bytes.NewReader(f.Data))
		case "verdict.json":
			err = json.Unmarshal(f.Data, r.Verdict)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r.Verdict.Measures = *measure.Measure(r.History)
	sampled(&r.Verdict.Measures)
	stamp := history.Stamp(zero)
	r.History.Plan.Zero, r.Verdict.Started = zero, zero
	r.History.Plan.Origin = history.Origin{Run: stamp, Folder: stamp + "-" + r.History.Plan.Scenario,
		ReportURL: "https://ci.example/drills/" + stamp + "/report.html", ExpectEvery: history.At(24 * time.Hour)}
	return r
}

// sampled adds what the histories by hand have nothing of.
func sampled(m *verdict.Measures) {
	up := verdict.Seconds(1.5)
	some := &verdict.Interval{Lower: 1, Upper: &up}
	m.Invariants = append(m.Invariants, verdict.Invariant{Name: history.NoReplayedAssertion, Grade: verdict.Pass})
	m.RecoveryPoints = append(m.RecoveryPoints, verdict.RecoveryPoint{Of: "grants", Region: "eu-west-1", Actual: some})
	m.Further = []verdict.Further{{Name: "replication_lags",
		Entries: []verdict.ReplicationLag{{From: "us-east-1", To: "eu-west-1", Max: some}}}}
}

// query is one expression of a file, with the label names that its legend asks for.
type query struct {
	where, expr string
	legend      []string
}

// dashboard is what the test reads of Grafana's format.
type dashboard struct {
	UID           string `json:"uid"`
	SchemaVersion int    `json:"schemaVersion"`
	Time          struct{ From string }
	Templating    struct {
		List []struct {
			Name, Type string
			Definition string
			Query      any // of a data source: its type
			Options    []struct{ Value string }
		}
	}
	Annotations struct {
		List []struct{ Name, Expr, Step, TitleFormat, TextFormat string }
	}
	Links  []struct{ URL string }
	Panels []panel
}

type panel struct {
	ID                       int
	Title, Description, Type string
	Interval                 string
	Datasource               struct{ UID string }
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []struct {
		RefID              string
		Expr, LegendFormat string
		Instant            bool
	}
	Transformations []struct {
		ID      string
		Options struct {
			RenameByName map[string]string
			Include      struct{ Names []string }
			RowField     string
			ColumnField  string
		}
	}
}

var (
	legendLabel = regexp.MustCompile(`\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}`)
	labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
)

// values stand for the variables of an expression, in the order in which they are looked for.
func values(environment, scenario, shown string) *strings.Replacer {
	seconds := "0"
	if d, err := time.ParseDuration(shown); err == nil {
		seconds = fmt.Sprint(int(d.Seconds()))
	}
	return strings.NewReplacer("$environment", environment, "$scenario", scenario, "$__range_s", seconds, "$__range", shown,
		"$__interval_ms", "21600000", "$__interval", "6h", "$probe", ".*", "$fault", ".*", "$window", "10s")
}

func read(t *testing.T, name string) dashboard {
	t.Helper()
	data, err := dashboards.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func legendOf(formats ...string) []string {
	var names []string
	for _, m := range legendLabel.FindAllStringSubmatch(strings.Join(formats, " "), -1) {
		names = append(names, m[1])
	}
	return names
}

func dashboardQueries(t *testing.T, name string) []query {
	t.Helper()
	var all []query
	d := read(t, name)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, query{"panel " + p.Title, target.Expr, legendOf(target.LegendFormat)})
		}
	}
	for _, a := range d.Annotations.List {
		if a.Expr == "" { // it asks Grafana itself
			continue
		}
		all = append(all, query{"annotation " + a.Name, a.Expr, legendOf(a.TitleFormat, a.TextFormat)})
	}
	for _, v := range d.Templating.List {
		if m := labelValues.FindStringSubmatch(v.Definition); m != nil {
			all = append(all, query{"variable " + v.Name, m[1], []string{m[2]}})
		} else if v.Type == "query" {
			t.Errorf("variable %s asks for %q, which this test can't read", v.Name, v.Definition)
		}
	}
	return all
}

// rule is an alert.
type rule struct {
	Alert, Expr string
	Annotations map[string]string
}

func rules(t *testing.T) []rule {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	unmarshal(t, "prometheus/rules.yml", &file)
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

func ruleQueries(t *testing.T) []query {
	t.Helper()
	var all []query
	for _, r := range rules(t) {
		q := query{where: "alert " + r.Alert, expr: r.Expr}
		for _, words := range r.Annotations {
			q.legend = append(q.legend, legendOf(words)...)
		}
		all = append(all, q)
	}
	return all
}

// TestQueriesMatchTheMetrics holds every query against what a Pushgateway holds after a real replay, those of the live
// board against what a drill serves.
func TestQueriesMatchTheMetrics(t *testing.T) {
	for what, c := range map[string]struct {
		held    labels
		queries []query
		atLeast int
	}{
		"what drills concluded": {pushed(t), append(dashboardQueries(t, recoveryBoard), ruleQueries(t)...), 40},
		"a drill that runs":     {scraped(t), dashboardQueries(t, liveBoard), 14},
		"many runs":             {givenOf(t), dashboardQueries(t, monthsBoard), 15},
	} {
		if len(c.queries) < c.atLeast {
			t.Fatalf("%s: only %d queries were found", what, len(c.queries))
		}
		for _, q := range c.queries {
			if err := check(c.held, q); err != nil {
				t.Errorf("%s: %s: %v\n%s", what, q.where, err, q.expr)
			}
		}
	}
}

// check says what of a query doesn't exist.
func check(held labels, q query) error {
	e, err := metricsql.Parse(values("x", "x", "1h").Replace(q.expr))
	if err != nil {
		return err
	}
	var errs []error
	known := map[string]bool{} // labels of all metrics of the query
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			errs = append(errs, checkSelector(held, e, known))
		case *metricsql.FuncExpr:
			if made, ok := madeBy(e); ok {
				known[made] = true
			}
		}
	})
	asked := slices.Clone(q.legend)
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.AggrFuncExpr:
			asked = append(asked, e.Modifier.Args...)
		case *metricsql.BinaryOpExpr:
			asked = append(asked, slices.Concat(e.GroupModifier.Args, e.JoinModifier.Args)...)
		case *metricsql.FuncExpr:
			if e.Name == "label_join" {
				for _, label := range e.Args[3:] {
					asked = append(asked, label.(*metricsql.StringExpr).S)
				}
			}
		}
	})
	for _, label := range asked {
		if !known[label] {
			errs = append(errs, fmt.Errorf("no metric of it has a label %q", label))
		}
	}
	return errors.Join(errs...)
}

// madeBy is the label that a function makes.
func madeBy(e *metricsql.FuncExpr) (string, bool) {
	if e.Name != "label_join" && e.Name != "label_replace" {
		return "", false
	}
	made, ok := e.Args[1].(*metricsql.StringExpr)
	return made.S, ok
}

func checkSelector(held labels, m *metricsql.MetricExpr, known map[string]bool) error {
	for _, filters := range m.LabelFilterss {
		if len(filters) == 0 || filters[0].Label != "__name__" {
			return errors.New("a selector without a metric's name")
		}
		name := filters[0].Value
		if held[name] == nil {
			return fmt.Errorf("there is no metric %s", name)
		}
		maps.Copy(known, held[name])
		for _, f := range filters[1:] {
			if !held[name][f.Label] {
				return fmt.Errorf("%s has no label %q", name, f.Label)
			}
		}
	}
	return nil
}

// TestTheTestSees makes sure that the one above finds what is wrong.
func TestTheTestSees(t *testing.T) {
	held := pushed(t)
	for _, q := range []query{
		{expr: "regiondrill_no_such_metric"},
		{expr: `regiondrill_last_run_grade{colour="red"}`},
		{expr: "max by (colour) (regiondrill_last_run_grade)"},
		{expr: "regiondrill_last_run_grade", legend: []string{"colour"}},
		{expr: "rate(regiondrill_attempts_total[5m])"}, // a counter: no Pushgateway is given one
		{expr: "max by (scenario) regiondrill_last_run_grade)"},
		{expr: `label_join(regiondrill_last_run_grade, "bar", " ", "scenario", "colour")`},
	} {
		if check(held, q) == nil {
			t.Errorf("%s: nothing was found wrong", q.expr)
		}
	}
}

func TestDashboardsAreInOrder(t *testing.T) {
	for name, want := range map[string]struct {
		uid       string
		others    []string
		variables []string
	}{
		recoveryBoard: {"regiondrill-recovery", []string{"/d/regiondrill-live", "/d/regiondrill-months"}, []string{"datasource", "environment", "scenario"}},
		liveBoard: {"regiondrill-live", []string{"/d/regiondrill-recovery"},
			[]string{"datasource", "environment", "scenario", "window"}},
		monthsBoard: {"regiondrill-months", []string{"/d/regiondrill-recovery"},
			[]string{"datasource", "environment", "scenario", "probe", "fault"}},
	} {
		d := read(t, name)
		var others []string
		for _, link := range d.Links {
			others = append(others, link.URL)
		}
		if d.UID != want.uid || d.SchemaVersion == 0 || !slices.Equal(others, want.others) {
			t.Errorf("uid %q, schema version %d, links %v: links to the dashboard must go on to work", d.UID, d.SchemaVersion, d.Links)
		}
		ids := map[int]bool{}
		for i, p := range d.Panels {
			if p.Description == "" || p.Title == "" || ids[p.ID] || p.Datasource.UID != "${datasource}" {
				t.Errorf("panel %d %q: it needs a title, a description, an id of its own and the variable's data source", p.ID, p.Title)
			}
			if name == liveBoard && p.Interval != "1s" {
				t.Errorf("%q is as fine as the data source's interval, not as the scrapes", p.Title)
			}
			ids[p.ID] = true
			for _, other := range d.Panels[:i] {
				a, b := p.GridPos, other.GridPos
				if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Errorf("%q covers %q", p.Title, other.Title)
				}
			}
		}
		var names []string
		for _, v := range d.Templating.List {
			names = append(names, v.Name)
		}
		if !slices.Equal(names, want.variables) {
			t.Errorf("the variables are %v", names)
		}
	}
}

// TestRulesWithPromtool lets Prometheus's own tool check the rules and run their tests.
func TestRulesWithPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: apt-get install prometheus)")
	}
	for _, args := range [][]string{{"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = "prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestEveryAlert wants promtool to see each alert fire, and each be quiet after it fired, and a runbook for it.
func TestEveryAlert(t *testing.T) {
	var file struct {
		Tests []struct {
			Cases []struct {
				Alert string           `yaml:"alertname"`
				Fires []map[string]any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	unmarshal(t, "prometheus/rules_test.yml", &file)
	fired, resolved := map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		here := map[string]bool{}
		for _, c := range test.Cases {
			if len(c.Fires) > 0 {
				fired[c.Alert], here[c.Alert] = true, true
			} else if here[c.Alert] {
				resolved[c.Alert] = true
			}
		}
	}
	page, err := os.ReadFile("../docs/dashboards.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules(t) {
		if !fired[r.Alert] || !resolved[r.Alert] {
			t.Errorf("%s: seen to fire: %t, and to be quiet after that: %t", r.Alert, fired[r.Alert], resolved[r.Alert])
		}
		at, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "#")
		if path.Base(at) != "dashboards.md" || anchor != strings.ToLower(r.Alert) || !bytes.Contains(page, []byte("\n### "+r.Alert+"\n")) {
			t.Errorf("%s has no runbook: %s", r.Alert, r.Annotations["runbook_url"])
		}
	}
}

// unmarshal reads a YAML file beside the tests.
func unmarshal(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
