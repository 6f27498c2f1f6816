package dashboards_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// A quarter of a year of drills: nightly ones of two scenarios, and a game day every fortnight.
const (
	quarter = 90 * 24 * time.Hour
	look    = 6 * time.Hour // between two scrapes of the Pushgateway
)

// night is a run of the quarter.
type night struct {
	*report.Report
	environment string
	killed      bool // it tells its beginning alone
}

func (n *night) key() string {
	return n.environment + " " + n.Report.History.Plan.Scenario + " " + n.Report.History.Plan.Run
}

// nights are the runs of the quarter before end, in the order of time. Of the flagship every tenth can't be believed,
// every fifteenth shows nobody back, every twentieth is back only because the fault ended, and one is killed; the other
// scenario never passed, and one run goes on.
func nights(t *testing.T, end time.Time) []*night {
	t.Helper()
	var all []*night
	for i := range 95 { // five of them too long ago to be shown
		zero := end.Add(-95*24*time.Hour + time.Duration(i)*24*time.Hour + time.Hour)
		n := &night{recorded(t, "flagship", zero), "nightly", i == 80}
		slower(n.Verdict, verdict.Seconds(i%7)/2)
		switch {
		case i%10 == 3:
			n.Verdict.Grade, n.Verdict.Validity.Grade = verdict.Unknown, verdict.Unknown
		case i%15 == 7:
			missed(n.Verdict)
			never(n.Verdict)
		case i%20 == 11:
			missed(n.Verdict)
			for j := range n.Verdict.Recoveries {
				n.Verdict.Recoveries[j].EndedBy = verdict.Heal
			}
		}
		all = append(all, n)
		if i >= 92 { // three nights, and none passed
			all = append(all, &night{recorded(t, "never-recovered", zero.Add(10*time.Minute)), "nightly", false})
		}
		if i%14 == 9 {
			day := recorded(t, "flagship", zero.Add(8*time.Hour))
			day.History.Plan.ExpectEvery, day.History.Plan.ReportURL = 0, ""
			all = append(all, &night{day, "gameday", false})
		}
	}
	return append(all, &night{recorded(t, "flagship", end.Add(-20*time.Second)), "staging", true}) // it still runs
}

// slower makes every recovery longer. The people of the protocol probe take longer to decide and less to authenticate
// than the slower ones in the browser, so that phases of both can't be taken for those of one.
func slower(v *verdict.Verdict, by verdict.Seconds) {
	for i := range v.Recoveries {
		r := &v.Recoveries[i]
		if r.RecoveryTimeActual == nil || r.Phases == nil {
			continue
		}
		later := *r.RecoveryTimeActual.Upper + by
		r.RecoveryTimeActual = &verdict.Interval{Lower: r.RecoveryTimeActual.Lower + by, Upper: &later}
		phases := *r.Phases
		phases.Authenticate += by
		if r.Probe == "staff" {
			phases.Decide, phases.Authenticate = phases.Decide+0.5, phases.Authenticate-0.5
		}
		r.Phases = &phases
	}
}

// missed fails the checks of a recovery.
func missed(v *verdict.Verdict) {
	v.Grade = verdict.Fail
	for i := range v.Findings {
		if v.Findings[i].Measure == verdict.RecoveryTime {
			v.Findings[i].Grade = verdict.Fail
		}
	}
}

// never lets nobody come back.
func never(v *verdict.Verdict) {
	for i := range v.Recoveries {
		if r := &v.Recoveries[i]; r.RecoveryTimeActual != nil {
			r.EndedBy, r.Phases, r.RecoveredIn = verdict.Never, nil, ""
			r.RecoveryTimeActual = &verdict.Interval{Lower: 29.98}
		}
	}
}

// samples writes down what Prometheus would have scraped.
type samples struct {
	t *testing.T
	bytes.Buffer
}

func (s *samples) scrape(families []*dto.MetricFamily, at time.Time) {
	s.t.Helper()
	for _, f := range families {
		for _, m := range f.Metric {
			m.TimestampMs = proto.Int64(at.UnixMilli())
		}
		var b bytes.Buffer
		if _, err := expfmt.MetricFamilyToOpenMetrics(&b, f); err != nil {
			s.t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if !strings.HasPrefix(line, "#") {
				s.WriteString(line)
			}
		}
	}
}

// scrapeNights looks at a Pushgateway to which the nights are told.
func (s *samples) scrapeNights(all []*night, end time.Time) {
	s.t.Helper()
	held := newShelf(s.t)
	gateway := httptest.NewServer(held)
	defer gateway.Close()
	for at := end.Add(-quarter - 6*24*time.Hour); !at.After(end); at = at.Add(look) {
		held.now = func() time.Time { return at }
		for ; len(all) > 0 && !all[0].Verdict.Started.After(at); all = all[1:] {
			s.tell(gateway.URL, all[0])
		}
		s.scrape(held.held(), at)
	}
}

func (s *samples) tell(url string, n *night) {
	s.t.Helper()
	if !n.killed {
		push(s.t, url, n.Report, n.environment)
		return
	}
	gateway, err := report.ParseGateway(url)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := report.Replay(n.Report).PushStart(s.t.Context(), gateway, "regiondrill", n.environment); err != nil {
		s.t.Fatal(err)
	}
}

// scrapeLive looks every second at a drill that runs, until what it concluded is there. It gives back when that was.
func (s *samples) scrapeLive(r *report.Report) time.Time {
	s.t.Helper()
	h := r.History
	happened := slices.Clone(h.Events)
	happened[0].Plan = &h.Plan
	for i := range h.Attempts {
		happened = append(happened, history.Event{At: h.Attempts[i].Ended, Type: history.TypeAttempt, Attempt: &h.Attempts[i]})
	}
	slices.SortStableFunc(happened, func(a, b history.Event) int { return cmp.Compare(a.At, b.At) })
	m := report.NewMetrics()
	for at := happened[0].At; len(happened) > 0; at += history.At(time.Second) {
		for ; len(happened) > 0 && happened[0].At <= at; happened = happened[1:] {
			if err := m.Record(happened[0]); err != nil {
				s.t.Fatal(err)
			}
		}
		s.look(m, h.Plan.Zero.Add(at.Duration()))
	}
	over := h.Plan.Zero.Add(h.EndAt.Duration() + 2*time.Second)
	m.Conclude(r.Verdict)
	s.look(m, over)
	return over
}

func (s *samples) look(m *report.Metrics, at time.Time) {
	s.t.Helper()
	families, err := m.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		labelled(f, scrapedLabels...)
	}
	s.scrape(families, at)
}

// remember is a real Prometheus that has scraped all that, and evaluates the rules of this repository.
func (s *samples) remember() prometheus {
	s.t.Helper()
	s.WriteString("# EOF\n")
	return filledWith(s.t, s.Bytes())
}

// filledWith is a real Prometheus whose past is made of OpenMetrics.
func filledWith(t *testing.T, text []byte) prometheus {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	promtool, err2 := exec.LookPath("promtool")
	if err != nil || err2 != nil {
		t.Skip("prometheus and promtool are not installed (Debian: apt-get install prometheus)")
	}
	dir := t.TempDir()
	file, data := filepath.Join(dir, "openmetrics"), filepath.Join(dir, "data")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	made := exec.CommandContext(t.Context(), promtool, "tsdb", "create-blocks-from", "--max-block-duration=4800h", "openmetrics", file, data)
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	configure(t, dir, `["pushgateway:9091"]`, "[]", `["host.docker.internal:9464"]`, "[]")
	return prometheus{start(t, program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+data,
		"--storage.tsdb.retention.time=400d")}
}

// TestAQuarterOfAYear asks a real Prometheus, which has scraped a quarter of a year of drills, for everything on the
// boards: nothing may be empty, and what is told of many runs must be what can be counted by hand.
func TestAQuarterOfAYear(t *testing.T) {
	end := time.Now().UTC().Truncate(time.Minute)
	all := nights(t, end)
	s := &samples{t: t}
	s.scrapeNights(all, end)
	s.scrapeLive(recorded(t, "flagship", end.Add(-40*time.Minute)))
	over := s.scrapeLive(recorded(t, "never-recovered", end.Add(-30*time.Minute)))
	p := s.remember()
	season := view{end, quarter, look}
	t.Run("rules", func(t *testing.T) {
		checkRules(t, p)
		checkFiring(t, p, "RegiondrillObjectiveMissed of never-recovered in nightly")
	})
	t.Run("panels", func(t *testing.T) { checkPanels(t, p, recoveryBoard, values(".*", ".*", "2160h"), season) })
	t.Run("live panels", func(t *testing.T) {
		checkPanels(t, p, liveBoard, values("live", ".*", "20m"), view{over, 20 * time.Minute, time.Second})
	})
	t.Run("a drill that runs", func(t *testing.T) { checkLive(t, p, end.Add(-40*time.Minute)) })
	for name, check := range map[string]func(asked){
		"runs":       func(a asked) { checkRuns(a, all, end) },
		"statistics": func(a asked) { checkStatistics(a, all, end) },
		"phases":     checkPhases,
		"now":        checkNow,
		"months": func(a asked) {
			a.values = values("nightly", "primary-region-outage", "2160h")
			checkMonths(a, all, end)
		},
	} {
		t.Run(name, func(t *testing.T) { check(asked{t, p, season, values(".*", ".*", "2160h")}) })
	}
}

// asked asks for columns of tables.
type asked struct {
	*testing.T
	p      prometheus
	view   view
	values *strings.Replacer
}

// column is what a table shows in a column of values.
func (a asked) column(panel, name string) []series {
	a.Helper()
	for _, p := range read(a.T, recoveryBoard).Panels {
		for _, change := range p.Transformations {
			for from, to := range change.Options.RenameByName {
				if p.Title == panel && to == name {
					return a.target(panel, strings.TrimPrefix(from, "Value #"))
				}
			}
		}
	}
	a.Fatalf("there is no column %s in %s", name, panel)
	return nil
}

// target is what a query of a panel gives.
func (a asked) target(panel, ref string) []series {
	a.Helper()
	for _, p := range read(a.T, recoveryBoard).Panels {
		for _, target := range p.Targets {
			if p.Title == panel && target.RefID == ref {
				answer, err := a.p.query(a.Context(), a.values.Replace(target.Expr), true, a.view)
				if err != nil {
					a.Fatal(err)
				}
				return answer.Result
			}
		}
	}
	a.Fatalf("%s has no query %s", panel, ref)
	return nil
}

// byRun are the series of a column by the run that they are about: one each.
func (a asked) byRun(name string) map[string]series {
	a.Helper()
	found := map[string]series{}
	for _, s := range a.column("Runs", name) {
		key := s.Metric["environment"] + " " + s.Metric["scenario"] + " " + s.Metric["run"]
		if _, twice := found[key]; twice {
			a.Errorf("%s: two values of %s", name, key)
		}
		found[key] = s
	}
	return found
}

// checkRuns wants one row for every run of the quarter, with what it came to.
func checkRuns(a asked, all []*night, end time.Time) {
	when, lower, upper := a.byRun("When"), a.byRun("Recovery, at least"), a.byRun("At most")
	headroom, lost := a.byRun("Headroom"), a.byRun("Sign-ins lost")
	listed := 0
	for _, n := range all {
		row, is := when[n.key()]
		if is != n.Verdict.Started.After(end.Add(-quarter)) {
			a.Errorf("%s is listed: %t", n.key(), is)
		}
		if !is {
			continue
		}
		listed++
		grade := string(n.Verdict.Grade)
		if n.killed {
			grade = "unfinished"
			if n.environment == "staging" {
				grade = "running"
			}
		}
		if row.Metric["grade"] != grade || row.Metric["report"] != n.Report.History.Plan.ReportURL && !n.killed {
			a.Errorf("%s: %v", n.key(), row.Metric)
		}
		slowest, bounds := slowestOf(n), upper[n.key()]
		if _, told := upper[n.key()]; told != (slowest != nil) {
			a.Errorf("%s: an upper bound is told: %t", n.key(), told)
		}
		if slowest == nil {
			continue
		}
		want := 1e9
		if slowest.RecoveryTimeActual.Upper != nil {
			want = float64(*slowest.RecoveryTimeActual.Upper)
		}
		if got := bounds.number(a.T); got != want || lower[n.key()].number(a.T) > got {
			a.Errorf("%s: at most %v, not %v, and at least %v", n.key(), got, want, lower[n.key()])
		}
		byItself := slowest.EndedBy == verdict.Failover
		if left := headroom[n.key()].number(a.T); !byItself && left > -1e8 || byItself && (left > 20-want || left < 10-want) {
			a.Errorf("%s: headroom %v below a bound of %v", n.key(), left, want)
		}
		if _, told := lost[n.key()]; !told {
			a.Errorf("%s: nobody says how many were lost", n.key())
		}
	}
	if listed != len(when) {
		a.Errorf("%d runs are listed, not %d", len(when), listed)
	}
}

// slowestOf is the slowest recovery that a check judges, nil where none can be told.
func slowestOf(n *night) (slowest *verdict.Recovery) {
	if n.killed || n.Verdict.Validity.Grade != verdict.Pass {
		return nil
	}
	for _, f := range n.Verdict.Findings {
		r := n.Verdict.Recovery(f.Probe, f.Fault)
		if f.Measure != verdict.RecoveryTime || r == nil || r.RecoveryTimeActual == nil {
			continue
		}
		up := r.RecoveryTimeActual.Upper
		if slowest == nil || up == nil || slowest.RecoveryTimeActual.Upper != nil && *up > *slowest.RecoveryTimeActual.Upper {
			slowest = r
		}
	}
	return slowest
}

// checkStatistics counts by hand: a run that can't be told is in no rate and no median, one that was back only with the
// fault's end ranks behind all others.
func checkStatistics(a asked, all []*night, end time.Time) {
	const panel = "Over 30 and 90 days"
	for _, c := range []struct {
		days         int
		rate, median string
		worst        string
	}{
		{30, "Passed, 30 d", "Median recovery, 30 d", "Worst recovery, 30 d"},
		{90, "Passed, 90 d", "Median recovery, 90 d", "Worst recovery, 90 d"},
	} {
		for _, drill := range []string{"nightly primary-region-outage", "gameday primary-region-outage", "nightly never-recovered"} {
			passed, told, ranked := 0.0, 0.0, []float64{}
			for _, n := range all {
				if !strings.HasPrefix(n.key(), drill+" ") || n.killed || n.Verdict.Started.Before(end.Add(-time.Duration(c.days)*24*time.Hour)) {
					continue
				}
				switch n.Verdict.Grade {
				case verdict.Pass:
					passed, told = passed+1, told+1
				case verdict.Fail:
					told++
				}
				if r := slowestOf(n); r != nil && r.EndedBy == verdict.Failover {
					ranked = append(ranked, float64(*r.RecoveryTimeActual.Upper))
				} else if r != nil {
					ranked = append(ranked, 1e9)
				}
			}
			slices.Sort(ranked)
			median := (ranked[(len(ranked)-1)/2] + ranked[len(ranked)/2]) / 2
			for name, want := range map[string]float64{c.rate: passed / told, c.median: median, c.worst: ranked[len(ranked)-1]} {
				if got := a.of(panel, name, drill); got < want-1e-6 || got > want+1e-6 {
					a.Errorf("%s, %s: %v, not %v", drill, name, got, want)
				}
			}
		}
	}
}

// of is what a column tells of a drill.
func (a asked) of(panel, name, drill string) float64 {
	a.Helper()
	for _, s := range a.column(panel, name) {
		if s.Metric["environment"]+" "+s.Metric["scenario"] == drill {
			return s.number(a.T)
		}
	}
	a.Errorf("%s tells nothing of %s", name, drill)
	return 0
}

// checkPhases wants a bar for each of the latest runs, whose parts sum to the upper bound.
func checkPhases(a asked) {
	bars, most, runs := map[string]float64{}, a.byRun("At most"), map[string]string{}
	for _, s := range a.target("Where the time went: $scenario", "A") {
		bars[s.Metric["bar"]] += s.number(a.T)
		if !strings.HasPrefix(s.Metric["bar"], s.Metric["run"]+" ") {
			a.Errorf("the bars of %v are not in the order of time", s.Metric)
		}
		runs[s.Metric["bar"]] = s.Metric["environment"] + " " + s.Metric["scenario"] + " " + s.Metric["run"]
	}
	if len(bars) < 20 {
		a.Errorf("%d bars", len(bars))
	}
	for bar, sum := range bars {
		key := runs[bar]
		if want := most[key].number(a.T); sum < want-1e-6 || sum > want+1e-6 {
			a.Errorf("the parts of %s sum to %v, not %v", key, sum, want)
		}
	}
}

// checkNow wants what is the case now: the last grades, also of what runs, and since when nobody has passed.
func checkNow(a asked) {
	for panel, want := range map[string]map[string]float64{
		"Last grade":          {"nightly primary-region-outage": 2, "nightly never-recovered": 0, "staging primary-region-outage": 3},
		"Since the last pass": {"nightly never-recovered": 1e9},
	} {
		told := map[string]float64{}
		for _, s := range a.target(panel, "A") {
			told[s.Metric["environment"]+" "+s.Metric["scenario"]] = s.number(a.T)
		}
		for drill, value := range want {
			if got, is := told[drill]; !is || got != value {
				a.Errorf("%s of %s: %v (%t), not %v", panel, drill, got, is, value)
			}
		}
	}
	if s := a.target("Begun, not concluded", "A"); len(s) != 1 || s[0].number(a.T) != 0 {
		a.Errorf("begun and not concluded: %v", s)
	}
}

// checkLive wants the board to follow a drill: fault, phase and countdown while it runs, its grade when it is over.
func checkLive(t *testing.T, p prometheus, zero time.Time) {
	words := values("live", "primary-region-outage", "20m")
	at := func(second float64, title string) (float64, bool) {
		for _, panel := range read(t, liveBoard).Panels {
			if panel.Title == title {
				a, err := p.query(t.Context(), words.Replace(panel.Targets[0].Expr), true, view{end: zero.Add(history.Seconds(second).Duration())})
				if err != nil {
					t.Fatal(err)
				}
				if len(a.Result) > 0 {
					return a.Result[0].number(t), true
				}
			}
		}
		return 0, false
	}
	for title, want := range map[string]map[float64]float64{
		"Time left":       {20: 40, 59: 1},
		"Phase":           {-1: 1, 20: 2, 61: 5},
		"Faults in force": {5: 0, 20: 1, 50: 0},
		"Grade":           {63: 2},
	} {
		for second, value := range want {
			if got, told := at(second, title); !told || got != value {
				t.Errorf("%s at %d s: %v (%t), not %v", title, int(second), got, told, value)
			}
		}
	}
	if _, told := at(20, "Grade"); told {
		t.Error("there is a grade before it is over")
	}
}

// checkFiring wants an alert of a drill.
func checkFiring(t *testing.T, p prometheus, want string) {
	await(t, func(ctx context.Context) error {
		var found struct {
			Alerts []struct{ Labels map[string]string }
		}
		if err := p.get(ctx, "/api/v1/alerts", nil, &found); err != nil {
			return err
		}
		var firing []string
		for _, a := range found.Alerts {
			firing = append(firing, a.Labels["alertname"]+" of "+a.Labels["scenario"]+" in "+a.Labels["environment"])
		}
		if !slices.Contains(firing, want) {
			return fmt.Errorf("these fire: %q", firing)
		}
		return nil
	})
}

// TestBackfill asks a real Prometheus that has scraped nothing, but was given the past runs: its board lists each of them
// with what it came to.
func TestBackfill(t *testing.T) {
	end := time.Now().UTC().Truncate(time.Minute)
	all := slices.DeleteFunc(nights(t, end), func(n *night) bool { return n.killed })
	fill := report.Backfill{Job: "regiondrill"}
	for _, n := range append([]*night{all[7]}, all...) { // one of them twice, and out of order
		if dated, err := fill.Add(n.Report, n.environment); err != nil || !dated {
			t.Fatal(dated, err)
		}
	}
	since := all[60].Verdict.Started.Add(7 * time.Second) // on no edge of a step, which would be in two
	if err := fill.AddChanges(changed(since)); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := fill.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	a := asked{t, filledWith(t, text.Bytes()), view{end, quarter, look}, values(".*", ".*", "2160h")}
	await(t, func(ctx context.Context) error { // it has opened its blocks
		_, err := a.p.query(ctx, "vector(1)", true, a.view)
		return err
	})
	checkRuns(a, all, end)
	checkPhases(a)
	t.Run("months", func(t *testing.T) {
		a := asked{t, a.p, a.view, values("nightly", "primary-region-outage", "2160h")}
		hourly := a.view
		hourly.step = time.Hour // as the marks are asked for
		checkPanels(t, a.p, monthsBoard, a.values, a.view)
		checkMonths(a, all, end)
		checkChanges(asked{t, a.p, hourly, a.values}, since)
	})
	if dated, err := fill.Add(&report.Report{Verdict: all[0].Verdict, History: &history.History{}}, ""); dated || err != nil {
		t.Errorf("a run without a time is taken: %t, %v", dated, err)
	}
}

// over is what a curve of the months' board shows, by one of its labels: the values by their instants.
func (a asked) over(panel, ref, by string) map[string]map[int64]float64 {
	a.Helper()
	found := map[string]map[int64]float64{}
	for _, p := range read(a.T, monthsBoard).Panels {
		for _, target := range p.Targets {
			if p.Title != panel || target.RefID != ref {
				continue
			}
			answer, err := a.p.query(a.Context(), a.values.Replace(target.Expr), false, a.view)
			if err != nil {
				a.Fatal(err)
			}
			for _, s := range answer.Result {
				at := map[int64]float64{}
				for _, v := range s.Values {
					value, err := strconv.ParseFloat(v[1].(string), 64)
					if err != nil {
						a.Fatal(err)
					}
					at[int64(v[0].(float64))] = value
				}
				found[s.Metric[by]] = at
			}
		}
	}
	if len(found) == 0 {
		a.Errorf("%s shows nothing of %s", panel, ref)
	}
	return found
}

// checkMonths wants a point for every night of the flagship, in the step in which it ended: the bounds of its slowest
// people, whose phases sum to the upper one, and where somebody never came back the time for which that was watched.
func checkMonths(a asked, all []*night, end time.Time) {
	const band, parts = "Recovery time over months: $scenario", "Where the time went: $scenario"
	most, least := a.over(band, "A", "scenario")["primary-region-outage"], a.over(band, "B", "scenario")["primary-region-outage"]
	never, goal := a.over(band, "D", "scenario")["primary-region-outage"], a.over(band, "C", "scenario")["primary-region-outage"]
	phases, grades := a.over(parts, "A", "phase"), a.over("Runs, by what they came to", "A", "grade")
	points, nobody, counted := 0, 0, map[string]float64{}
	first := end.Add(-quarter)
	for _, n := range all {
		ended := n.Verdict.Started.Add(n.Report.History.EndAt.Duration())
		if n.killed || n.environment != "nightly" || n.Report.History.Plan.Scenario != "primary-region-outage" || !ended.After(first) {
			continue
		}
		step := first.Add(ended.Sub(first).Truncate(look) + look).Unix() // no run ends on the edge of a step
		counted[string(n.Verdict.Grade)]++
		slowest := slowestOf(n)
		switch {
		case slowest == nil:
		case slowest.RecoveryTimeActual.Upper == nil:
			nobody++
			if _, shown := most[step]; shown || never[step] != 29.98 {
				a.Errorf("%s: nobody was back, and it shows %v and %v", n.key(), most[step], never[step])
			}
		default:
			points++
			up, sum := float64(*slowest.RecoveryTimeActual.Upper), 0.0
			for _, at := range phases {
				sum += at[step]
			}
			if most[step] != up || least[step] != float64(slowest.RecoveryTimeActual.Lower) || goal[step] != 10 || math.Abs(sum-up) > 1e-6 {
				a.Errorf("%s: at most %v, not %v, at least %v, phases of %v, objective %v", n.key(), most[step], up, least[step], sum,
					goal[step])
			}
		}
	}
	if points < 60 || nobody == 0 || len(most) != points || len(least) != points || len(never) != nobody {
		a.Errorf("%d runs with %d and %d points, %d where nobody was back with %d", points, len(most), len(least), nobody, len(never))
	}
	for grade, n := range counted {
		sum := 0.0
		for _, each := range grades[grade] {
			sum += each
		}
		if sum != n {
			a.Errorf("%v runs are shown as %s, not %v", sum, grade, n)
		}
	}
}

// checkChanges wants each change marked once, at the run from which on it is.
func checkChanges(a asked, since time.Time) {
	for _, mark := range read(a.T, monthsBoard).Annotations.List {
		if mark.Expr == "" {
			continue
		}
		answer, err := a.p.query(a.Context(), a.values.Replace(mark.Expr), false, a.view)
		if err != nil || len(answer.Result) != 1 || len(answer.Result[0].Values) != 1 {
			a.Errorf("%s: %v, %v", mark.Name, answer, err)
			continue
		}
		s := answer.Result[0]
		at, _ := strconv.ParseFloat(s.Values[0][1].(string), 64)
		if int64(at) != since.UnixMilli() || s.Metric["direction"] != "worse" {
			a.Errorf("%s: %v is not %v", mark.Name, s, since)
		}
	}
}
