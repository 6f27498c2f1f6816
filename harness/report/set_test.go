package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// repeated are drills of the flagship whose staff were back by so much later than they were by hand; below zero never.
func repeated(t testing.TB, rule repetition.Rule, later ...float64) *repetition.Series {
	t.Helper()
	s := repetition.NewSeries(rule)
	for i, run := range ran(t, "set", "2s", later...).Runs {
		v := run.Verdict
		if upper := v.Findings[0].Actual.(*verdict.Interval).Upper; later[i] > 7 && upper != nil {
			v.Grade, v.Findings[0].Grade = verdict.Fail, verdict.Fail
		}
		s.Add(fmt.Sprint(i+1), v)
	}
	return s
}

// sets are those that differ most.
func sets(t testing.TB) map[string]*repetition.Result {
	t.Helper()
	met := repeated(t, repetition.Rule{Times: 10}, 0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18)
	missed := repeated(t, repetition.Rule{Times: 9}, 0, 1, 2, 3, 7.5, -1, 4, 8)
	discarded := sample(t, "flagship").Verdict
	discarded.Validity = verdict.Validity{Grade: verdict.Unknown, Notes: []string{"nobody was in"},
		Reasons: []verdict.Reason{{Code: verdict.Unsteady, Ends: true}}}
	missed.Add("9", discarded)
	stopped := repeated(t, repetition.Rule{Times: 20, Met: 0.9}, 0, 0.1)
	cut := sample(t, "flagship").Verdict
	cut.Validity = verdict.Validity{Grade: verdict.Unknown, Notes: []string{"the run was stopped: its time was up"},
		Reasons: []verdict.Reason{{Code: verdict.Stopped, Ends: true, CutShort: true}}}
	stopped.Add("3", cut)
	stopped.Stop("the time was up (--timeout 2m0s)")
	none := repetition.NewSeries(repetition.Rule{Times: 3})
	none.Stop("drill 1 could not be run")
	return map[string]*repetition.Result{"set-met": met.Result(), "set-missed": missed.Result(),
		"set-stopped": stopped.Result(), "set-none": none.Result()}
}

// many is a set of so many drills that they are drawn as columns.
func many(t testing.TB) *repetition.Result {
	t.Helper()
	later := make([]float64, 600)
	for i := range later {
		_, later[i] = math.Modf(float64(i) / math.Phi)
	}
	return repeated(t, repetition.Rule{Times: 600}, later...).Result()
}

func setPageOf(t testing.TB, r *repetition.Result, link func(string) string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := RepetitionPage(&b, r, link); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func nowhere(string) string { return "" }

func TestGoldenSets(t *testing.T) {
	for name, r := range sets(t) {
		one := Summed(r, "runs/set")
		golden(t, name+".txt", []byte(text(t, one, false)))
		golden(t, name+".summary.md", export(t, "summary.md", one))
		golden(t, name+".junit.xml", export(t, "junit.xml", one))
	}
}

func TestPagesOfSets(t *testing.T) {
	all := sets(t)
	for _, r := range all {
		saying().check(t, setPageOf(t, r, nowhere))
	}
	saying("After virginia-dark, staff were to be back within 10 s; that was met in 10 of 10 drills, and with 95 % "+
		"confidence it is met in at least 74 of 100. It took typically 3.11 s", "3.20 s at worst.", "objective 10 s →",
		"Each bar is a drill, by its number").check(t, setPageOf(t, all["set-met"], nowhere))
	saying("met in 5 of 8 drills", "in 1 of 8 nobody recovered while the fault lasted", "1 never", "DISCARDED",
		"nobody was in.", "objective 10 s", "never in").check(t, setPageOf(t, all["set-missed"], nowhere))
	saying("Of at most 20 drills 17 were not run: the time was up (--timeout 2m0s).", "its time was up.").
		check(t, setPageOf(t, all["set-stopped"], nowhere))
	page := setPageOf(t, many(t), nowhere)
	saying("600 drills, in the order in which they were run", "slowest 30", "the highest column is").check(t, page)
	if len(page) > 1<<20*6/10 {
		t.Errorf("the page of 600 drills has %d bytes", len(page))
	}
}

// Every drill with a time is a dot within the chart that leads to its report, and who never recovered is behind the axis.
func TestDotsOfSets(t *testing.T) {
	all := sets(t)
	all["many"] = many(t)
	for name, r := range all {
		page := string(setPageOf(t, r, func(folder string) string { return folder + "/report.html" }))
		for i := range r.Objectives {
			o := &r.Objectives[i]
			if o.Times == nil {
				continue
			}
			c := setChartOf(o, make([]string, len(r.Runs)))
			drills := len(c.Dots)
			for _, column := range c.Columns {
				for _, part := range column.Parts {
					drills += part.Drills
				}
			}
			if drills != o.Times.N || len(c.Ticks) < 2 {
				t.Errorf("%s: %d of %d drills are shown, with the ticks %v", name, drills, o.Times.N, c.Ticks)
			}
			for k, d := range c.Dots {
				never := o.Times.Drills[k].Watched != nil
				if d.X < 0 || d.X > 100 || d.Y < 0 || d.Y > 100 || never != (d.X > c.End) {
					t.Errorf("%s: %+v", name, d)
				}
			}
			for _, d := range o.Times.Drills {
				if link := fmt.Sprintf(`href="%d/report.html"`, d.Run); !strings.Contains(page, link) {
					t.Errorf("%s: nothing has %s", name, link)
				}
			}
		}
	}
}

// The curve begins with all and goes down by each that is back; who never recovered keeps it up to its end.
func TestCurveOfSets(t *testing.T) {
	second := func(s float64) *verdict.Seconds { v := verdict.Seconds(s); return &v }
	times := &repetition.Times{Drills: []repetition.Sample{{Interval: verdict.Interval{Upper: second(1)}},
		{Interval: verdict.Interval{Upper: second(2)}}, {Watched: second(30)}, {Watched: second(30)}}}
	if got := curveOf(times, axis{0, 4, 80}); got != "M0 0H200V25H400V50H800" {
		t.Error(got)
	}
}

// An objective far from all times would press them together: it is named at the edge.
func TestAxisOfSets(t *testing.T) {
	all := sets(t)
	if c := setChartOf(&all["set-met"].Objectives[0], nil); c.Objective != nil || c.Beyond == "" || c.Left {
		t.Errorf("%+v", c.Objective)
	}
	c := setChartOf(&all["set-missed"].Objectives[0], nil)
	if c.Objective == nil || c.Beyond != "" {
		t.Fatal("the objective is not there")
	}
	for _, d := range c.Dots {
		if late := d.X > c.Objective.X; late != (d.Class == "missed") {
			t.Errorf("%+v, and the objective is at %g", d, c.Objective.X)
		}
	}
}

// JUnit is red where the exit code is not 0, has a case an objective, and keeps to the schema.
func TestJUnitOfSets(t *testing.T) {
	for name, r := range sets(t) {
		var suites junitSuites
		if err := xml.Unmarshal(export(t, "junit.xml", Summed(r, "")), &suites); err != nil {
			t.Fatal(err)
		}
		s := suites.Suites[0]
		if red := s.Failures > 0; red != (r.Grade != verdict.Pass) || len(s.Cases) != len(r.Objectives)+1 {
			t.Errorf("%s: %s, with %d failures in %d cases", name, r.Grade, s.Failures, len(s.Cases))
		}
		var strict bytes.Buffer
		if err := StrictJUnit(&strict, []*Report{Summed(r, "")}); err != nil {
			t.Fatal(err)
		}
		keepsSchema(t, name, &strict)
	}
}

// Beside single drills a set is one of them, and its page is linked.
func TestSetsBesideDrills(t *testing.T) {
	r := Summed(sets(t)["set-missed"], "all/often")
	page := export(t, "report.html", sample(t, "flagship"), r)
	if !bytes.Contains(page, []byte(`href="often/repetition.html"`)) || bytes.Contains(page, []byte("No fault was planned")) {
		t.Error("its page is not linked")
	}
	var all struct {
		Grade  verdict.Grade
		Drills []verdict.Verdict
	}
	if err := json.Unmarshal(export(t, "verdict.json", sample(t, "flagship"), r), &all); err != nil || all.Grade != verdict.Fail || all.Drills[1].Repeated != 9 {
		t.Errorf("%+v, %v", all, err)
	}
	if got := string(export(t, "metrics.prom", r)); !strings.Contains(got, `regiondrill_last_run_grade{grade="fail",`) {
		t.Errorf("its grade is not among the metrics: %s", got)
	}
}

func TestHostileWordsInSets(t *testing.T) {
	for _, evil := range hostileWords {
		r := sets(t)["set-missed"]
		r.Scenario, r.Target, r.Version, r.Stopped = evil, evil, evil, evil
		r.Runs[2].Discarded, r.Objectives[0].Name, r.Objectives[0].Probe, r.Objectives[0].Fault = evil, evil, evil, evil
		one := Summed(r, "runs/"+evil)
		saying().check(t, setPageOf(t, r, nowhere))
		if out := text(t, one, false); !isClean(strings.ReplaceAll(out, "\n", "")) {
			t.Errorf("control characters in the text: %q", out)
		}
		if err := xml.Unmarshal(export(t, "junit.xml", one), &junitSuites{}); err != nil {
			t.Errorf("JUnit: %v", err)
		}
		if md := string(export(t, "summary.md", one)); acts.MatchString(spans.ReplaceAllString(md, "")) {
			t.Errorf("Markdown would act: %.500q", md)
		}
	}
}

// Many drills have gauges together, by the names of a single one's and by those of a repetition: so many series as the
// scenario has objectives.
func TestMetricsOfSets(t *testing.T) {
	for name, r := range sets(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".prom", setFile(t, r, "metrics.prom"))
			r.Scenario = "often"
			together := export(t, "metrics.prom", Summed(r, ""), sample(t, "flagship"))
			for _, want := range []string{`regiondrill_last_run_grade{grade="pass",scenario="primary-region-outage"} 1`,
				fmt.Sprintf("regiondrill_last_repetition_runs{outcome=%q,scenario=%q} %d", "counted", r.Scenario, r.Counted)} {
				if !strings.Contains(string(together), want+"\n") {
					t.Errorf("beside another drill: there is no %s", want)
				}
			}
			problems, err := promlint.New(bytes.NewReader(together)).Lint()
			if err != nil || len(problems) > 0 {
				t.Errorf("%v, %v", problems, err)
			}
		})
	}
	r := sets(t)["set-met"]
	r.Virtual = true
	if out := string(setFile(t, r, "metrics.prom")); !strings.HasPrefix(out, "# These drills were simulated") {
		t.Errorf("of simulated ones it is told:\n%s", out)
	}
}

// setFile is one of the files of a set.
func setFile(t *testing.T, r *repetition.Result, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, e := range SetExporters(nowhere) {
		if e.File == name {
			if err := e.Write(&out, Summed(r, "")); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out.Bytes()
}

func TestSetsReportAFullDisk(t *testing.T) {
	one := Summed(sets(t)["set-met"], "")
	var files []string
	for _, e := range SetExporters(nowhere) {
		files = append(files, e.File)
		if err := e.Write(full{}, one); err == nil {
			t.Errorf("%s: no error on a full disk", e.File)
		}
	}
	if want := []string{"repetition.json", "repetition.html", "junit.xml", "summary.md", "metrics.prom"}; !slices.Equal(files, want) {
		t.Errorf("a set has the files %v", files)
	}
}
