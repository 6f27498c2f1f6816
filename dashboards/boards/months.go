package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Months is the board of how recovery went over many runs, by what Prometheus scraped of each, was written or was given
// of past runs: a sample a run is enough.
func Months() Board {
	b := board("regiondrill-months", "regiondrill: recovery over months",
		"How recovery went from run to run: between its bounds, against the objective, by phase, and since when it is "+
			"another. Works on what a Pushgateway holds and Prometheus kept, on what was written to it, and on past runs "+
			"(metrics backfill).", "now-180d", "30m")
	b.Links = []dashboard.DashboardLink{linkTo("regiondrill-recovery", "What drills concluded")}
	const runs = `regiondrill_run_recovery_time_actual_seconds{environment!="live"`
	environment := choice("environment", runs+"}")
	environment.Multi, environment.IncludeAll = nil, nil // two places would be one band
	environment.AllValue, environment.Current = nil, nil
	const there = runs + `,environment=~"$environment"`
	b.Templating = variables(environment, choice("scenario", there+"}"),
		choice("probe", there+`,scenario=~"$scenario"}`), choice("fault", there+`,scenario=~"$scenario"}`))
	b.Annotations.List = []dashboard.AnnotationQuery{
		changeMarks("Recovery changed", "orange", true, `measure="recovery_time"`),
		changeMarks("A phase changed", "purple", false, `measure!="recovery_time"`), told()}
	b.Panels = panels(band(), phasesOverTime(), verdicts(), passed(), byPeople(), failbackOverTime(), changes(),
		slowestRuns())
	return b
}

const onDrill = "on (" + drill + ") "

const people = `probe=~"$probe",fault=~"$fault"`

// inStep is what a metric told in the step of a curve that ends now, of runs that ended in it: each run is one point,
// whether its sample is but one or is scraped until the next run. A minute more is for the scrape that is to come.
func inStep(metric string, more ...string) string {
	return "(last_over_time(" + of(metric, more...) + "[$__interval]) and " + onRun +
		"(last_over_time(" + of("run_end_timestamp_seconds") + "[$__interval]) > time() - $__interval_ms / 1000 - 60))"
}

func bound(name string) string {
	return inStep("run_recovery_time_actual_seconds", people, `bound="`+name+`"`)
}

// back keeps bounds that came.
func back(expr string) string { return "(" + expr + " < " + beyond + ")" }

// dotted shows a point a run, joined by a line.
func dotted(p dashboard.Panel) dashboard.Panel {
	p = flowing(lines(p, "s"))
	custom := p.FieldConfig.Defaults.Custom.(timeseries.FieldConfig)
	custom.ShowPoints, custom.PointSize = cog.ToPtr(common.VisibilityModeAlways), cog.ToPtr(5.0)
	custom.LineWidth, custom.SpanNulls = cog.ToPtr(1.0), &common.BoolOrFloat64{Bool: cog.ToPtr(true)}
	p.FieldConfig.Defaults.Custom = custom
	return p
}

// bars shows a bar a step.
func bars(p dashboard.Panel, unit string) dashboard.Panel {
	p = stacked(p, unit)
	custom := p.FieldConfig.Defaults.Custom.(timeseries.FieldConfig)
	custom.DrawStyle, custom.FillOpacity = cog.ToPtr(common.GraphDrawStyleBars), cog.ToPtr(80.0)
	p.FieldConfig.Defaults.Custom = custom
	return p
}

func band() dashboard.Panel {
	most := back("max " + byDrill + "(" + bound("upper") + ")")
	least := "max " + byDrill + "(" + bound("lower") + ")"
	goal := "min " + byDrill + "(last_over_time(" + of("run_recovery_time_objective_seconds", people) + "[$__interval]))"
	p := dotted(panel("timeseries", 1, place(0, 0, 24, 11), "Recovery time over months: $scenario",
		"Until all of the chosen people were back after the chosen faults, in each run: the true value lies in the band. A "+
			"step with several runs shows the slowest. A red point is a run in which somebody was not seen to be back, at the "+
			"time for which that was watched. Marks are runs from which on recovery, or a phase of it, is another.",
		curve("A", most, "at most"), curve("B", least+" and "+onDrill+most, "at least"),
		curve("C", goal, "objective"), curve("D", least+" unless "+onDrill+most, "not back for")))
	p.Repeat, p.RepeatDirection = cog.ToPtr("scenario"), cog.ToPtr(dashboard.PanelRepeatDirectionV)
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides,
		override("byName", "at most", property("custom.fillBelowTo", "at least"), property("custom.fillOpacity", 30)),
		override("byName", "objective", property("custom.lineStyle",
			common.LineStyle{Fill: cog.ToPtr(common.LineStyleFillDash), Dash: []float64{8, 6}}),
			property("custom.showPoints", common.VisibilityModeNever)),
		override("byName", "not back for", property("custom.drawStyle", common.GraphDrawStylePoints),
			property("custom.pointSize", 9)))
	return painted(p, paint{"at most", "blue"}, paint{"at least", "blue"}, paint{"objective", "orange"},
		paint{"not back for", "red"})
}

func phasesOverTime() dashboard.Panel {
	slowest := "topk " + byDrill + "(1, " + back(bound("upper")) + ")"
	expr := "max by (" + drill + ", phase) (" + inStep("run_recovery_phase_seconds", people) + " and on (" + drill +
		", run, probe, fault) " + slowest + ")"
	p := bars(panel("timeseries", 2, place(0, 11, 24, 9), "Where the time went: $scenario",
		"The phases of the run and the people that the upper edge of the band shows; they sum to it. Who was not seen to be "+
			"back has none.", curve("A", expr, "{{phase}}")), "s")
	p.Repeat, p.RepeatDirection = cog.ToPtr("scenario"), cog.ToPtr(dashboard.PanelRepeatDirectionV)
	return painted(p, paint{"detect", "blue"}, paint{"decide", "orange"}, paint{"steer", "purple"},
		paint{"authenticate", "green"}, paint{"stabilise", "yellow"})
}

func verdicts() dashboard.Panel {
	expr := "count by (grade) (" + inStep("run_end_timestamp_seconds") + ")"
	return painted(bars(panel("timeseries", 3, place(0, 20, 18, 7), "Runs, by what they came to",
		"How many ended in each step, of all chosen scenarios. Unknown: the measurement was not valid, or the run was "+
			"stopped; it is in no curve above.", curve("A", expr, "{{grade}}")), "short"),
		paint{"pass", "green"}, paint{"fail", "red"}, paint{"unknown", "yellow"})
}

func passed() dashboard.Panel {
	p := big(panel("stat", 8, place(18, 20, 6, 7), "Passed",
		"Of the runs of the time that is shown that could tell, passes and fails.",
		latest(shown.rate(), "{{scenario}}")), common.BigValueTextModeValueAndName)
	p.FieldConfig.Defaults.Unit, p.FieldConfig.Defaults.Decimals = cog.ToPtr("percentunit"), cog.ToPtr(0.0)
	p.FieldConfig.Defaults.Thresholds = colours("red", step{0.9, "yellow"}, step{1, "green"})
	return p
}

const byPeoples = "by (" + drill + ", probe, fault) "

func byPeople() dashboard.Panel {
	return dotted(panel("timeseries", 4, place(0, 27, 12, 9), "Recovery time at most, by people and fault",
		"The upper bound for each of those whom a check judges. Nothing where they were not seen to be back.",
		curve("A", "max "+byPeoples+"("+back(bound("upper"))+")", "{{scenario}}: {{probe}} / {{fault}}")))
}

func failbackOverTime() dashboard.Panel {
	return dotted(panel("timeseries", 5, place(12, 27, 12, 9), "Failback at most, by people and fault",
		"From the fault's proven healing until the home Region carried its people again, by the upper bound. Nothing where "+
			"that was not seen.",
		curve("A", "max "+byPeoples+"("+back(inStep("run_failback_time_seconds", people, `bound="upper"`))+")",
			"{{scenario}}: {{probe}} / {{fault}}")))
}

// byChange are the labels of a change.
const byChange = "by (" + drill + ", probe, fault, measure, direction) "

// changeMarks mark the runs from which on a measure is another. Each is one sample, which is in one step alone.
func changeMarks(name, colour string, shown bool, which string) dashboard.AnnotationQuery {
	return dashboard.AnnotationQuery{Name: name, Datasource: &source, Enable: shown, IconColor: colour,
		Expr: cog.ToPtr("1000 * max " + byChange + "(last_over_time(" +
			of("change_point_timestamp_seconds", people, which) + "[1h]))"),
		Step: cog.ToPtr("1h"), UseValueForTime: cog.ToPtr(true), TitleFormat: cog.ToPtr("{{measure}} is {{direction}}"),
		TextFormat: cog.ToPtr("{{probe}} / {{fault}} ({{scenario}}, {{environment}})"),
		TagKeys:    cog.ToPtr("measure,direction,probe,fault")}
}

// told marks what drills have told this Grafana (--grafana).
func told() dashboard.AnnotationQuery {
	return dashboard.AnnotationQuery{Name: "Told by drills", Enable: false, IconColor: "red",
		Datasource: &common.DataSourceRef{Type: cog.ToPtr("grafana"), Uid: cog.ToPtr("-- Grafana --")},
		Target: variants.UnknownDataquery{"type": "tags", "tags": []string{"regiondrill"}, "limit": 100,
			"matchAny": false}}
}

func changes() dashboard.Panel {
	ever := func(metric string) string { return "max " + byChange + "(" + shown.last(metric, people) + ")" }
	direction := mapped{"worse": {"worse", "red"}, "better": {"better", "green"}}
	return rows(panel("table", 6, place(0, 36, 24, 8), "Since when it is another",
		"The latest change of each measure for the better and for the worse: from which run on, and by how much the median "+
			"is more. Found over whole folders of runs by metrics backfill, as trend does; empty without it.",
		cells("A", "1000 * "+ever("change_point_timestamp_seconds")),
		cells("B", "clamp("+ever("change_point_shift_seconds")+", -"+beyond+", "+beyond+")")), "Since",
		column{"Value #A", "Since", []dashboard.DynamicConfigValue{property("unit", "dateTimeAsIso")}},
		column{from: "scenario", name: "Scenario"}, column{from: "environment", name: "Environment"},
		column{from: "probe", name: "People"}, column{from: "fault", name: "Fault"},
		column{from: "measure", name: "Measure"},
		column{"direction", "It is", []dashboard.DynamicConfigValue{
			property("mappings", []dashboard.ValueMapping{direction.mapping()}),
			property("custom.cellOptions", map[string]string{"type": "color-text"})}},
		column{"Value #B", "Median, more by", seconds("never")})
}

func slowestRuns() dashboard.Panel {
	worst := "topk(25, max by (" + drill + ", run, probe, fault, ended_by) (clamp_max(" +
		shown.last("run_recovery_time_actual_seconds", people, `bound="upper"`) + ", " + beyond + ")))"
	link := dashboard.DashboardLink{Title: "Report", Type: dashboard.DashboardLinkTypeLink, Tags: []string{},
		Url: cog.ToPtr("${__value.raw}"), TargetBlank: true}
	return rows(panel("table", 7, place(0, 44, 24, 9), "The slowest",
		"Of the time that is shown, with the report where the run was given an address for it. Back by heal: only because "+
			"the fault ended.",
		cells("A", shown.within(worst)+" * on ("+drill+", run) group_left (grade, folder, report) (0 * max by ("+drill+
			", run, grade, folder, report) ("+shown.ended()+") + 1)")), "At most",
		column{from: "run", name: "Run"}, column{from: "scenario", name: "Scenario"},
		column{from: "environment", name: "Environment"}, column{from: "probe", name: "People"},
		column{from: "fault", name: "Fault"}, column{"Value #A", "At most", seconds("never")},
		column{from: "ended_by", name: "Back by"}, column{from: "grade", name: "Grade"},
		column{from: "folder", name: "Folder"},
		column{"report", "Report", []dashboard.DynamicConfigValue{
			property("links", []dashboard.DashboardLink{link}),
			property("mappings", []dashboard.ValueMapping{matching("^https?://.*", "open", "blue")})}})
}
