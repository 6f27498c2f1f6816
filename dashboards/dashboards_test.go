package dashboards_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"

	"github.com/regiondrill/regiondrill/dashboards"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
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
	push(t, gateway.URL)
	return held.labels()
}

// push gives the results of the flagship to a Pushgateway.
func push(t *testing.T, url string) {
	t.Helper()
	gateway, err := report.ParseGateway(url)
	if err != nil {
		t.Fatal(err)
	}
	if err := replayed(t).Push(t.Context(), gateway, "regiondrill", "ci"); err != nil {
		t.Fatal(err)
	}
}

// replayed are the metrics of the flagship, worked by hand.
func replayed(t *testing.T) *report.Metrics {
	t.Helper()
	ar, err := txtar.ParseFile("../harness/analysis/testdata/flagship.txtar")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "history.jsonl" })
	h, err := history.Read(bytes.NewReader(ar.Files[i].Data))
	if err != nil {
		t.Fatal(err)
	}
	m := report.NewMetrics()
	events := append([]history.Event{{Type: history.TypePlan, Plan: &h.Plan}}, h.Events[1:]...)
	for i := range h.Attempts {
		events = append(events, history.Event{Type: history.TypeAttempt, Attempt: &h.Attempts[i]})
	}
	for _, e := range events {
		if err := m.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	measures, within := measure.Measure(h), verdict.Seconds(10)
	recovery := measures.Recoveries[0]
	m.Conclude(&verdict.Verdict{Scenario: h.Plan.Scenario, Started: h.Plan.Zero, Grade: verdict.Pass, Measures: *measures,
		Findings: []verdict.Finding{{Check: "recovery", Name: h.Plan.Checks[0].Name, Grade: verdict.Pass, Objective: within,
			Subject: verdict.Subject{Probe: recovery.Probe, Fault: recovery.Fault, Measure: verdict.RecoveryTime, Within: &within}}}})
	return m
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
	Templating    struct {
		List []struct {
			Name, Type string
			Definition string
			Query      any // of a data source: its type
		}
	}
	Panels []struct {
		ID                 int
		Title, Description string
		Datasource         struct{ UID string }
		GridPos            struct{ X, Y, W, H int }
		Targets            []struct {
			Expr, LegendFormat string
			Instant            bool
		}
	}
}

var (
	legendLabel = regexp.MustCompile(`\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}`)
	variable    = regexp.MustCompile(`\$\{?\w+\}?`)
	labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
)

func read(t *testing.T) dashboard {
	t.Helper()
	data, err := dashboards.Files.ReadFile("grafana/regiondrill.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func dashboardQueries(t *testing.T) []query {
	t.Helper()
	var all []query
	d := read(t)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			q := query{where: "panel " + p.Title, expr: target.Expr}
			for _, m := range legendLabel.FindAllStringSubmatch(target.LegendFormat, -1) {
				q.legend = append(q.legend, m[1])
			}
			all = append(all, q)
		}
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

func ruleQueries(t *testing.T) []query {
	t.Helper()
	data, err := dashboards.Files.ReadFile("prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var all []query
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			q := query{where: "alert " + r.Alert, expr: r.Expr}
			for _, words := range r.Annotations {
				for _, m := range legendLabel.FindAllStringSubmatch(words, -1) {
					q.legend = append(q.legend, m[1])
				}
			}
			all = append(all, q)
		}
	}
	return all
}

// TestQueriesMatchTheMetrics holds every query against what a Pushgateway holds after a real replay.
func TestQueriesMatchTheMetrics(t *testing.T) {
	held := pushed(t)
	queries := append(dashboardQueries(t), ruleQueries(t)...)
	if len(queries) < 20 {
		t.Fatalf("only %d queries were found", len(queries))
	}
	for _, q := range queries {
		if err := check(held, q); err != nil {
			t.Errorf("%s: %v\n%s", q.where, err, q.expr)
		}
	}
}

// check says what of a query doesn't exist.
func check(held labels, q query) error {
	e, err := metricsql.Parse(variable.ReplaceAllString(q.expr, "x"))
	if err != nil {
		return err
	}
	var errs []error
	known := map[string]bool{} // labels of all metrics of the query
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		if m, ok := e.(*metricsql.MetricExpr); ok {
			errs = append(errs, checkSelector(held, m, known))
		}
	})
	asked := slices.Clone(q.legend)
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.AggrFuncExpr:
			asked = append(asked, e.Modifier.Args...)
		case *metricsql.BinaryOpExpr:
			asked = append(asked, slices.Concat(e.GroupModifier.Args, e.JoinModifier.Args)...)
		}
	})
	for _, label := range asked {
		if !known[label] {
			errs = append(errs, fmt.Errorf("no metric of it has a label %q", label))
		}
	}
	return errors.Join(errs...)
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
	} {
		if check(held, q) == nil {
			t.Errorf("%s: nothing was found wrong", q.expr)
		}
	}
}

func TestDashboardIsInOrder(t *testing.T) {
	d := read(t)
	if d.UID != "regiondrill-recovery" || d.SchemaVersion == 0 {
		t.Errorf("uid %q, schema version %d: links to the dashboard must go on to work", d.UID, d.SchemaVersion)
	}
	ids := map[int]bool{}
	for i, p := range d.Panels {
		if p.Description == "" || p.Title == "" || ids[p.ID] || p.Datasource.UID != "${datasource}" {
			t.Errorf("panel %d %q: it needs a title, a description, an id of its own and the variable's data source", p.ID, p.Title)
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
	if !slices.Equal(names, []string{"datasource", "environment", "scenario"}) {
		t.Errorf("the variables are %v", names)
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
