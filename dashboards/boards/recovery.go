package boards

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// chosen are the drills that whoever looks has chosen. What is scraped of a drill that runs (environment live) is left
// to the other board: here the same run stands as it was pushed.
const chosen = `environment=~"$environment",environment!="live",scenario=~"$scenario"`

// of selects a metric's series of the chosen drills.
func of(metric string, more ...string) string {
	return "regiondrill_" + metric + "{" + strings.Join(append([]string{chosen}, more...), ",") + "}"
}

// span is a stretch of time that ends now, as PromQL and in seconds.
type span struct{ length, seconds string }

var (
	shown  = span{"$__range", "$__range_s"}
	month  = span{"30d", "2592000"}
	season = span{"90d", "7776000"}
)

// Each run is a series of its own, which is there until the next one is pushed; a run that ended within a span is one
// whose time lies in it.
const (
	drill   = "environment, scenario"
	byDrill = "by (" + drill + ") "
	byRun   = "by (" + drill + ", run) "
	onRun   = "on (" + drill + ", run) "
	byPair  = "by (" + drill + ", run, probe, fault) "
)

// last is what a metric told of each run in the span, also of those that others have followed.
func (s span) last(metric string, more ...string) string {
	return "last_over_time(" + of(metric, more...) + "[" + s.length + "])"
}

// ended are the runs that were concluded in the span.
func (s span) ended(more ...string) string {
	return "(" + s.last("run_end_timestamp_seconds", more...) + " > time() - " + s.seconds + ")"
}

// within keeps what is about runs that were concluded in the span.
func (s span) within(expr string) string { return "(" + expr + " and " + onRun + s.ended() + ")" }

// An upper bound that never came is +Inf, which a table can't show and a quantile can't take; it becomes a number
// beyond all others. Half of it, the middle of one that came and one that didn't, is beyond all others too.
const (
	beyond    = "1e9"
	beyondMin = 1e8
	beyondMax = 1e12
)

// upper is the upper bound of the recovery of each pair.
func (s span) upper(more ...string) string {
	more = append([]string{`bound="upper"`}, more...)
	return "clamp_max(" + s.last("run_recovery_time_actual_seconds", more...) + ", " + beyond + ")"
}

// byItself is the upper bound where people came back before the fault ended. Who came back only because it did would
// not have been back by then, and counts like one who never came.
func (s span) byItself() string {
	return s.upper(`ended_by!="heal"`) + " or 0 * " + s.upper(`ended_by="heal"`) + " + " + beyond
}

// ranked is the recovery of each run's slowest pair, for statistics.
func (s span) ranked() string { return s.within("max " + byRun + "(" + s.byItself() + ")") }

// orNone counts none where there were runs and none of that kind.
func (s span) orNone(expr string) string {
	return "(" + expr + " or 0 * count " + byDrill + "(" + s.ended() + "))"
}

// Runs that began and whose end nobody has pushed, as the Pushgateway holds them now; late are those that should have
// ended ten minutes ago.
var (
	open = "(max " + byRun + "(" + of("run_started_timestamp_seconds") + ") unless " + onRun +
		of("run_end_timestamp_seconds") + ")"
	late       = "(" + of("run_planned_end_timestamp_seconds") + " < time() - 600)"
	unfinished = "(" + open + " and " + onRun + late + ")"
	running    = "(" + open + " unless " + onRun + late + ")"
)

// Recovery is the board of what drills concluded.
func Recovery() Board {
	b := board("regiondrill-recovery", "regiondrill: recovery of sign-in",
		"What regiondrill's drills concluded: how long people could not sign in, against the objective, and how that went "+
			"over 90 days. Works on what a Pushgateway holds and Prometheus kept.", "now-90d", "5m")
	b.Links = []dashboard.DashboardLink{linkTo("regiondrill-live", "A drill that runs"),
		linkTo("regiondrill-months", "Recovery over months")}
	const grades = `regiondrill_last_run_grade{environment!="live"}`
	b.Templating = variables(choice("environment", grades),
		choice("scenario", `regiondrill_last_run_grade{environment=~"$environment",environment!="live"}`))
	b.Panels = panels(lastGrade(), sinceLastPass(), notConcluded(), notUndone(), statistics(), runs(), trend(),
		phases(), failback(), availability(), latency(17, 0, "baseline", "before the fault"),
		latency(18, 12, "fault", "while it lasted"), gradesOverTime(), objectives(), slip(), duration(), invariants(),
		recoveryPoints(), lag(), endedBy())
	return b
}

var gradeWords = mapped{"3": {"running", "blue"}, "2": {"pass", "green"}, "1": {"unknown", "yellow"},
	"0": {"fail", "red"}, "-1": {"unfinished", "purple"}}

// grade is the last grade of each drill as a number.
var grade = "2 * max " + byDrill + "(" + of("last_run_grade", `grade="pass"`) + ") + max " + byDrill + "(" +
	of("last_run_grade", `grade="unknown"`) + ")"

func lastGrade() dashboard.Panel {
	expr := "max " + byDrill + "(0 * " + unfinished + " - 1) or max " + byDrill + "(0 * " + running + " + 3) or " + grade
	p := big(panel("stat", 1, place(0, 0, 10, 5), "Last grade",
		"What the last run of each drill concluded. Unknown is an answer of its own: the measurement was not valid, or the "+
			"run was stopped. Unfinished: it began, should have ended ten minutes ago, and nobody has concluded it.",
		latest(expr, "{{scenario}} ({{environment}})")), common.BigValueTextModeValueAndName)
	p.FieldConfig.Defaults.Mappings = []dashboard.ValueMapping{gradeWords.mapping()}
	return p
}

func sinceLastPass() dashboard.Panel {
	expr := "time() - max " + byDrill + "(" + of("run_last_success_timestamp_seconds") + ") or 0 * max " + byDrill +
		"(" + of("last_run_timestamp_seconds") + ") + " + beyond
	p := big(panel("stat", 2, place(10, 0, 6, 5), "Since the last pass",
		"How long ago a run of each drill last met all its objectives. Recovery that is not drilled decays.",
		latest(expr, "{{scenario}} ({{environment}})")), common.BigValueTextModeValueAndName)
	d := &p.FieldConfig.Defaults
	d.Unit, d.Decimals = cog.ToPtr("s"), cog.ToPtr(1.0)
	d.Thresholds = colours("green", step{26 * 3600, "yellow"}, step{7 * 24 * 3600, "red"})
	d.Mappings = []dashboard.ValueMapping{between(beyondMin, beyondMax, "never", "red")}
	return p
}

// some is a count that should be zero.
func some(id, x uint32, title, about, expr string) dashboard.Panel {
	p := big(panel("stat", id, place(x, 0, 4, 5), title, about, latest(expr, "runs")), common.BigValueTextModeValue)
	p.FieldConfig.Defaults.Thresholds = colours("green", step{1, "red"})
	return p
}

func notConcluded() dashboard.Panel {
	return some(13, 16, "Begun, not concluded",
		"Runs that should have ended ten minutes ago and told nobody: killed, or their result could not be pushed. "+
			"regiondrill recover --push-gateway URL undoes and concludes them.", "count("+unfinished+") or vector(0)")
}

func notUndone() dashboard.Panel {
	return some(3, 20, "Not undone", "Drills after whose last run something could not be undone. Anything but zero needs "+
		"somebody now: regiondrill recover.", "sum("+of("last_run_undo_failures")+")")
}

// seconds shows a bound; one that never came is told in words.
func seconds(beyondIs string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{property("unit", "s"), property("decimals", 2),
		property("mappings", []dashboard.ValueMapping{between(beyondMin, beyondMax, beyondIs, "red"),
			between(-beyondMax, -beyondMin, "none", "red")})}
}

func percent() []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{property("unit", "percentunit"), property("decimals", 0)}
}

// rate is the share of passes among the runs that could tell.
func (s span) rate() string {
	return s.orNone("count "+byDrill+"("+s.ended(`grade="pass"`)+")") + " / count " + byDrill + "(" +
		s.ended(`grade=~"pass|fail"`) + ")"
}

func statistics() dashboard.Panel {
	median := func(s span) string { return "quantile " + byDrill + "(0.5, " + s.ranked() + ")" }
	worst := func(s span) string { return "max " + byDrill + "(" + s.ranked() + ")" }
	home := "max " + byDrill + "(" + season.within("clamp_max("+
		season.last("run_failback_time_seconds", `bound="upper"`)+", "+beyond+")") + ")"
	const notBack = "not back"
	return rows(panel("table", 14, place(0, 5, 24, 8), "Over 30 and 90 days",
		"Each drill's runs. Passed: of those that could tell, passes and fails. Recovery is the upper bound of the slowest "+
			"people whom a check judges; not back means that nobody was before the fault ended, and ranks behind all others. "+
			"A median of fewer than six runs says little; no miss in n runs says, with 95 % confidence, that fewer than 3 in n "+
			"miss.",
		cells("A", "count "+byDrill+"("+season.ended()+")"),
		cells("B", season.orNone("count "+byDrill+"("+season.ended(`grade="unknown"`)+")")),
		cells("C", month.rate()), cells("D", season.rate()), cells("E", median(month)), cells("F", median(season)),
		cells("G", worst(month)), cells("H", worst(season)),
		cells("I", "min "+byDrill+"("+of("recovery_time_objective_seconds")+")"), cells("J", home)),
		"Runs, 90 d",
		column{from: "scenario", name: "Scenario"}, column{from: "environment", name: "Environment"},
		column{from: "Value #A", name: "Runs, 90 d"}, column{from: "Value #B", name: "Unknown, 90 d"},
		column{"Value #C", "Passed, 30 d", percent()}, column{"Value #D", "Passed, 90 d", percent()},
		column{"Value #E", "Median recovery, 30 d", seconds(notBack)},
		column{"Value #F", "Median recovery, 90 d", seconds(notBack)},
		column{"Value #G", "Worst recovery, 30 d", seconds(notBack)},
		column{"Value #H", "Worst recovery, 90 d", seconds(notBack)},
		column{"Value #I", "Objective", seconds("")},
		column{"Value #J", "Worst failback, 90 d", seconds("not seen")})
}

// listed are the runs of the span that is shown, each with what it came to: those that were concluded, by the time of
// their end, and those that were not, by the time of their beginning.
func listed() string {
	labels := "by (" + drill + ", run, grade, version, folder, report) "
	began := "max by (" + drill + ", run, version, folder) (" + shown.last("run_started_timestamp_seconds") +
		" > time() - " + shown.seconds + ")"
	left := "(" + began + " unless " + onRun + shown.last("run_end_timestamp_seconds") + ")"
	over := "(" + shown.last("run_planned_end_timestamp_seconds") + " < time() - 600)"
	named := func(grade, expr string) string {
		return fmt.Sprintf(`label_replace(%s, "grade", %q, "", "")`, expr, grade)
	}
	return "1000 * (max " + labels + "(" + shown.ended() + ") or " +
		named("unfinished", left+" and "+onRun+over) + " or " + named("running", left+" unless "+onRun+over) + ")"
}

// slowest is the upper bound of the slowest pair of each run.
func slowest() string {
	return "topk " + byRun + "(1, max by (" + drill + ", run, probe, fault, ended_by, region) (" + shown.upper() + "))"
}

func runs() dashboard.Panel {
	headroom := "min " + byRun + "(max " + byPair + "(" + shown.last("run_recovery_time_objective_seconds") + ") - max " +
		byPair + "(" + shown.byItself() + "))"
	lower := "max " + byRun + "(" + shown.last("run_recovery_time_actual_seconds", `bound="lower"`) + ")"
	home := "max " + byRun + "(clamp_max(" + shown.last("run_failback_time_seconds", `bound="upper"`) + ", " + beyond +
		"))"
	lost := "sum " + byRun + "(" + shown.last("run_lost_sign_ins") + ")"
	gradeCell := mapped{"pass": {"pass", "green"}, "fail": {"fail", "red"}, "unknown": {"unknown", "yellow"},
		"unfinished": {"unfinished", "purple"}, "running": {"running", "blue"}}
	link := dashboard.DashboardLink{Title: "Report", Type: dashboard.DashboardLinkTypeLink, Tags: []string{},
		Url: cog.ToPtr("${__value.raw}"), TargetBlank: true}
	return rows(panel("table", 15, place(0, 13, 24, 12), "Runs",
		"Every run of the time that is shown; a row each. Recovery lies between its two bounds, of the slowest people whom "+
			"a check judges; never: nobody was seen to be back. Headroom: what is left of the tightest objective, by the upper "+
			"bound; less than nothing is a miss, or can't be told; none where nobody was back before the fault ended. Back by: "+
			"heal means only because the fault ended, none that they were not interrupted. A measurement that is not valid has "+
			"no numbers. Of a run that is running or unfinished the time is that of its beginning.",
		cells("A", listed()), cells("B", shown.within(lower)), cells("C", shown.within(slowest())),
		cells("D", shown.within(headroom)), cells("E", shown.within(lost)), cells("F", shown.within(home))),
		"When",
		column{"Value #A", "When", []dashboard.DynamicConfigValue{property("unit", "dateTimeAsIso")}},
		column{from: "scenario", name: "Scenario"}, column{from: "environment", name: "Environment"},
		column{"grade", "Grade", []dashboard.DynamicConfigValue{
			property("mappings", []dashboard.ValueMapping{gradeCell.mapping()}),
			property("custom.cellOptions", map[string]string{"type": "color-background"})}},
		column{"Value #B", "Recovery, at least", seconds("never")}, column{"Value #C", "At most", seconds("never")},
		column{from: "ended_by", name: "Back by"}, column{from: "region", name: "Back in"},
		column{"Value #D", "Headroom", append(seconds("none"), property("thresholds", colours("red", step{0, "green"})),
			property("custom.cellOptions", map[string]string{"type": "color-text"}))},
		column{from: "Value #E", name: "Sign-ins lost"}, column{"Value #F", "Failback, at most", seconds("not seen")},
		column{from: "version", name: "Version"}, column{from: "folder", name: "Folder"},
		column{"report", "Report", []dashboard.DynamicConfigValue{
			property("links", []dashboard.DashboardLink{link}),
			property("mappings", []dashboard.ValueMapping{matching("^https?://.*", "open", "blue")})}})
}

func trend() dashboard.Panel {
	pairs := "by (environment, scenario, probe, fault) "
	goal := "max " + pairs + "(" + of("recovery_time_objective_seconds") + ")"
	bound := func(name string) string {
		return "max " + pairs + "(" + of("last_recovery_time_actual_seconds", `bound="`+name+`"`) + ") and " + goal
	}
	const who = "{{scenario}} ({{environment}}): {{probe}} / {{fault}}"
	p := lines(panel("timeseries", 5, place(0, 25, 24, 10),
		"Recovery time: actual, between its bounds, against the objective",
		"From the instant at which the fault was proven in force until people could sign in again and went on to, for those "+
			"of whom a check asks it. The true value lies between the lower and the upper bound. A missing upper bound means "+
			"that they never came back while anybody watched.",
		curve("A", bound("upper"), who+", upper bound"), curve("B", bound("lower"), who+", lower bound"),
		curve("C", goal, who+", objective")), "s")
	p.FieldConfig.Overrides = []dashboard.DashboardFieldConfigSourceOverrides{
		override("byFrameRefID", "B", property("custom.lineWidth", 1)),
		override("byFrameRefID", "C",
			property("custom.lineStyle", common.LineStyle{Fill: cog.ToPtr(common.LineStyleFillDash), Dash: []float64{8, 6}}),
			property("color", dashboard.FieldColor{Mode: dashboard.FieldColorModeIdFixed, FixedColor: cog.ToPtr("red")}))}
	return p
}

// recentRuns are so many of each drill that bars of them can be told apart.
const recentRuns = 20

func phases() dashboard.Panel {
	recent := fmt.Sprintf("topk %s(%d, %s)", byDrill, recentRuns, shown.ended())
	expr := fmt.Sprintf(`label_join(max by (%s, run, phase) (%s and on (%s, run, probe, fault) %s and %s%s), %s)`, drill,
		shown.last("run_recovery_phase_seconds"), drill, slowest(), onRun, recent, `"bar", " ", "run", "environment"`)
	p := stackedBars(panel("barchart", 6, place(0, 35, 24, 11), "Where the time went: $scenario",
		fmt.Sprintf("The last %d runs, a bar each, of the slowest people whom a check judges; its parts sum to the "+
			"upper bound of the recovery time. Detect: until somebody arrived who would get in. Decide: until they gave up on "+
			"their home Region. Steer: until they reached the other one. Authenticate: until they were in. Stabilise: until it "+
			"stayed so. Who never came back, or was never out, has no bar.", recentRuns), cells("A", expr)))
	p.Repeat, p.RepeatDirection = cog.ToPtr("scenario"), cog.ToPtr(dashboard.PanelRepeatDirectionH)
	p.MaxPerRow = cog.ToPtr(2.0)
	p = painted(p, paint{"detect", "blue"}, paint{"decide", "orange"}, paint{"steer", "purple"},
		paint{"authenticate", "green"}, paint{"stabilise", "yellow"})
	order := map[string]int{`bar\phase`: 0, "detect": 1, "decide": 2, "steer": 3, "authenticate": 4, "stabilise": 5}
	p.Transformations = []dashboard.DataTransformerConfig{
		{Id: "groupingToMatrix", Options: map[string]any{"columnField": "phase", "rowField": "bar", "valueField": "Value",
			"emptyValue": "zero"}},
		{Id: "organize", Options: map[string]any{"indexByName": order, "renameByName": map[string]string{`bar\phase`: "run"},
			"excludeByName": map[string]bool{}}},
		{Id: "sortBy", Options: map[string]any{"sort": []map[string]any{{"field": "run"}}}},
	}
	return p
}

func failback() dashboard.Panel {
	bound := func(name string) string {
		return "max by (environment, scenario, probe, fault) (" +
			of("run_failback_time_seconds", `bound="`+name+`"`) + " < " + beyond + ")"
	}
	const who = "{{scenario}} ({{environment}}): {{probe}} / {{fault}}"
	return lines(panel("timeseries", 16, place(0, 46, 12, 9), "Failback: until home carried people again",
		"From the fault's proven healing until the home Region carried its people and went on to. A missing upper bound "+
			"means that nobody saw it.",
		curve("A", bound("upper"), who+", upper bound"), curve("B", bound("lower"), who+", lower bound")), "s")
}

func availability() dashboard.Panel {
	p := lines(panel("timeseries", 7, place(12, 46, 12, 9), "Availability before, during and after",
		"Share of good sign-ins in each window of the last run. Sign-ins that were dropped count as bad, those that are "+
			"unknown not at all.",
		curve("A", "min by (environment, scenario, probe, fault, window) ("+of("event_availability_ratio")+")",
			"{{scenario}} ({{environment}}): {{probe}}, {{window}} {{fault}}")), "percentunit")
	p.FieldConfig.Defaults.Max = cog.ToPtr(1.0)
	return p
}

func latency(id, x uint32, window, when string) dashboard.Panel {
	return lines(panel("timeseries", id, place(x, 55, 12, 9), "How long a sign-in takes "+when,
		"Percentiles of the good sign-ins of the last run, from when people arrived. The 95th is told of 20 and more, the "+
			"99th of 100 and more: fewer can't bear it.",
		curve("A", "max by (environment, scenario, probe, fault, percentile) ("+
			of("run_sign_in_duration_seconds", `window="`+window+`"`)+")",
			"{{scenario}} ({{environment}}): {{probe}} / {{fault}}, p{{percentile}}")), "s")
}

func gradesOverTime() dashboard.Panel {
	return bands(panel("state-timeline", 8, place(0, 64, 12, 9), "Grades over time",
		"The grade that held at each time: of the last run until then.",
		curve("A", grade, "{{scenario}} ({{environment}})")), gradeWords)
}

func objectives() dashboard.Panel {
	return bands(panel("state-timeline", 10, place(12, 64, 12, 9), "Objectives over time",
		"Each objective of each drill: met or missed. One that nobody can judge has no value.",
		curve("A", "min by (environment, scenario, objective) ("+of("objective_met")+")",
			"{{scenario}} ({{environment}}): {{objective}}")), mapped{"1": {"met", "green"}, "0": {"missed", "red"}})
}

func slip() dashboard.Panel {
	return lines(panel("timeseries", 11, place(0, 73, 12, 8), "Schedule slip, 99th percentile",
		"How late attempts began. It voids nothing, but widens the interval that it bounds: beyond a quarter of a probe's "+
			"period the machine that ran the drill was too busy.",
		curve("A", "max by (environment, scenario, probe) ("+of("last_schedule_slip_p99_seconds")+")",
			"{{scenario}} ({{environment}}): {{probe}}")), "s")
}

func duration() dashboard.Panel {
	return lines(panel("timeseries", 12, place(12, 73, 12, 8), "How long a run takes",
		"From the end of the warm-up to the end of the settling.",
		curve("A", "max by (environment, scenario) ("+of("run_duration_seconds")+")", "{{scenario}} ({{environment}})")), "s")
}

func invariants() dashboard.Panel {
	return bands(panel("state-timeline", 19, place(0, 81, 12, 9), "What must never happen",
		"Whether anything was seen in the last run that must never happen, whatever fails: a login of somebody whose "+
			"access had been taken, an assertion taken twice, a secret in a file. What nobody can say has no value.",
		curve("A", "clamp_max(max by (environment, scenario, invariant) ("+of("last_run_invariant_violations")+"), 1)",
			"{{scenario}} ({{environment}}): {{invariant}}")), mapped{"0": {"never", "green"}, "1": {"violated", "red"}})
}

func recoveryPoints() dashboard.Panel {
	return lines(panel("timeseries", 20, place(12, 81, 12, 9), "Recovery point, actual, at most",
		"How long before the fault the oldest write was acknowledged that a surviving Region lacked: of grants, people who "+
			"can't get at what they were given; of revocations, people who still can at what was taken.",
		curve("A", "max by (environment, scenario, of, region) ("+of("last_recovery_point_actual_seconds",
			`bound="upper"`)+")", "{{scenario}} ({{environment}}): {{of}} in {{region}}")), "s")
}

func lag() dashboard.Panel {
	return lines(panel("timeseries", 21, place(0, 90, 12, 8), "Replication lag, the longest",
		"How long at most a write took until another Region was seen to have it, in each run.",
		curve("A", "max by (environment, scenario, from, to) ("+of("last_replication_lag_seconds")+")",
			"{{scenario}} ({{environment}}): {{from}} to {{to}}")), "s")
}

func endedBy() dashboard.Panel {
	by := func(value int, what string) string {
		return fmt.Sprintf("%d * max by (environment, scenario, probe, fault) (%s)", value,
			of("recovery_ended_by", `ended_by="`+what+`"`))
	}
	return bands(panel("state-timeline", 22, place(12, 90, 12, 8), "What brought people back",
		"Failing over, their own Region while the fault lasted, or only its end; nothing where they were not interrupted.",
		curve("A", by(3, "failover")+" + "+by(2, "home")+" + "+by(1, "heal"),
			"{{scenario}} ({{environment}}): {{probe}}, {{fault}}")),
		mapped{"3": {"failover", "green"}, "2": {"home", "blue"}, "1": {"the fault's end", "red"},
			"0": {"nothing", "transparent"}})
}
