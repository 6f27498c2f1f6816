package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Live is the board of a drill that runs, or ran in the time that is shown: Prometheus keeps what it scraped of it.
func Live() Board {
	b := board("regiondrill-live", "regiondrill: a drill that runs",
		"A drill as it goes (run --listen): who signs in, where, how fast, and what is broken just now. Of one that is "+
			"over, choose its time: Prometheus keeps what it scraped.", "now-15m", "5s")
	b.Links = []dashboard.DashboardLink{linkTo("regiondrill-recovery", "What drills concluded")}
	b.Templating = variables(choice("environment", "regiondrill_attempts_total"),
		choice("scenario", `regiondrill_attempts_total{environment=~"$environment"}`), rateWindow())
	b.Annotations.List = []dashboard.AnnotationQuery{faultMarks()}
	all := []dashboard.Panel{timeLeft(), phaseNow(), inForce(), result(), attempts(), regions(), goodShare(), failures(),
		speed(), lateness(), faultBands(), measured()}
	for i := range all {
		all[i].Interval = cog.ToPtr("1s") // as it is scraped, whatever the data source says of others
	}
	b.Panels = panels(all...)
	return b
}

const anyone = `environment=~"$environment",scenario=~"$scenario"`

func liveOf(metric, more string) string { return "regiondrill_" + metric + "{" + anyone + more + "}" }

// rateWindow is over how long rates are taken: a few scrapes.
func rateWindow() dashboard.VariableModel {
	v := *dashboard.NewVariableModel()
	v.Type, v.Name, v.Label, v.SkipUrlSync = dashboard.VariableTypeCustom, "window", cog.ToPtr("Rates over"), nil
	v.Query = &dashboard.StringOrMap{String: cog.ToPtr("5s,10s,30s,1m,2m")}
	word := func(s string) dashboard.StringOrArrayOfString { return dashboard.StringOrArrayOfString{String: &s} }
	v.Current = &dashboard.VariableOption{Text: word("10s"), Value: word("10s")}
	for _, s := range []string{"5s", "10s", "30s", "1m", "2m"} {
		o := dashboard.VariableOption{Selected: cog.ToPtr(s == "10s"), Text: word(s), Value: word(s)}
		v.Options = append(v.Options, o)
	}
	return v
}

// faultMarks mark every curve while a fault is in force.
func faultMarks() dashboard.AnnotationQuery {
	return dashboard.AnnotationQuery{Name: "Faults", Datasource: &source, Enable: true, IconColor: "red",
		Expr: cog.ToPtr("max by (scenario, fault, region) (" + liveOf("fault_active", "") + ") == 1"), Step: cog.ToPtr("1s"),
		TitleFormat: cog.ToPtr("{{fault}}"), TextFormat: cog.ToPtr("in force in {{region}} ({{scenario}})"),
		TagKeys: cog.ToPtr("fault,region")}
}

func timeLeft() dashboard.Panel {
	p := big(panel("stat", 1, place(0, 0, 6, 5), "Time left",
		"Until the settling should end. Of a drill that is over, what was left when it was last seen.",
		curve("A", "clamp_min(max by (scenario) ("+liveOf("run_planned_end_timestamp_seconds", "")+
			" and on (instance, scenario) "+liveOf("run_phase", "")+") - time(), 0)", "{{scenario}}")),
		common.BigValueTextModeValueAndName)
	p.FieldConfig.Defaults.Unit, p.FieldConfig.Defaults.Decimals = cog.ToPtr("s"), cog.ToPtr(0.0)
	p.FieldConfig.Defaults.Thresholds = colours("blue")
	return p
}

func phaseNow() dashboard.Panel {
	words := mapped{"0": {"provisioning", "purple"}, "1": {"warm-up", "blue"}, "2": {"drill", "orange"},
		"3": {"settling", "blue"}, "4": {"draining", "blue"}, "5": {"ended", "green"}}
	expr := ""
	for i, phase := range []string{"provisioning", "warm_up", "drill", "settling", "draining", "ended"} {
		if i > 0 {
			expr += " or "
		}
		expr += string(rune('0'+i)) + ` * max by (scenario) (` + liveOf("run_phase", `,phase="`+phase+`"`) + " == 1)"
	}
	p := big(panel("stat", 2, place(6, 0, 6, 5), "Phase", "What the drill does now, or did last.",
		curve("A", expr, "{{scenario}}")), common.BigValueTextModeValueAndName)
	p.FieldConfig.Defaults.Mappings = []dashboard.ValueMapping{words.mapping()}
	return p
}

func inForce() dashboard.Panel {
	p := big(panel("stat", 3, place(12, 0, 6, 5), "Faults in force", "How many are proven in force just now.",
		curve("A", "sum by (scenario) (max by (scenario, fault) ("+liveOf("fault_active", "")+"))", "{{scenario}}")),
		common.BigValueTextModeValueAndName)
	p.FieldConfig.Defaults.Thresholds = colours("green", step{1, "red"})
	return p
}

func result() dashboard.Panel {
	expr := "2 * max by (scenario) (" + liveOf("last_run_grade", `,grade="pass"`) + ") + max by (scenario) (" +
		liveOf("last_run_grade", `,grade="unknown"`) + ")"
	p := big(panel("stat", 4, place(18, 0, 6, 5), "Grade", "What the drill concluded; nothing until it has.",
		curve("A", expr, "{{scenario}}")), common.BigValueTextModeValueAndName)
	p.FieldConfig.Defaults.Mappings = []dashboard.ValueMapping{gradeWords.mapping()}
	p.FieldConfig.Defaults.NoValue = cog.ToPtr("not yet")
	return p
}

// flowing draws curves of what goes on, not of what holds until the next push.
func flowing(p dashboard.Panel) dashboard.Panel {
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides,
		override("byType", "number", property("custom.lineInterpolation", common.LineInterpolationLinear)))
	return p
}

func attempts() dashboard.Panel {
	p := flowing(stacked(panel("timeseries", 5, place(0, 5, 12, 9), "Sign-ins a second, by what came of them",
		"Those that ended. Unknown is a failure of the harness; dropped found no room and was never begun.",
		curve("A", "sum by (outcome) (rate("+liveOf("attempts_total", "")+"[$window]))", "{{outcome}}")), "short"))
	return painted(p, paint{"good", "green"}, paint{"bad", "red"}, paint{"unknown", "yellow"}, paint{"dropped", "purple"})
}

func regions() dashboard.Panel {
	return flowing(stacked(panel("timeseries", 6, place(12, 5, 12, 9), "Good sign-ins a second, by who carried them",
		"The Region in which people got in: from one colour to the other is the failover, the way back the failback.",
		curve("A", "sum by (region) (rate("+liveOf("attempts_total", `,outcome="good"`)+"[$window]))", "{{region}}")),
		"short"))
}

func goodShare() dashboard.Panel {
	all := "sum by (scenario, probe) (rate(" + liveOf("attempts_total", `,outcome=~"good|bad|dropped"`) + "[$window]))"
	good := "sum by (scenario, probe) (rate(" + liveOf("attempts_total", `,outcome="good"`) + "[$window]))"
	p := flowing(lines(panel("timeseries", 7, place(0, 14, 12, 9), "Share of good sign-ins, by probe",
		"Good among good, bad and dropped. Nothing is drawn while nobody's sign-in ends: while a fault holds everybody's "+
			"bytes, for one.", curve("A", good+" / ("+all+" > 0)", "{{scenario}}: {{probe}}")), "percentunit"))
	p.FieldConfig.Defaults.Max = cog.ToPtr(1.0)
	return p
}

func failures() dashboard.Panel {
	return flowing(stacked(panel("timeseries", 8, place(12, 14, 12, 9), "Why sign-ins fail, a second",
		"Those that were not good, by class; empty while all are.",
		curve("A", "sum by (class) (rate("+liveOf("attempts_total", `,outcome!="good",class!=""`)+"[$window])) > 0",
			"{{class}}")), "short"))
}

func speed() dashboard.Panel {
	expr := "histogram_quantile(0.95, sum by (le, region) (rate(" +
		liveOf("attempt_duration_seconds_bucket", `,step="whole"`) + "[$window])))"
	return flowing(lines(panel("timeseries", 9, place(0, 23, 12, 8),
		"How long good sign-ins take, by Region, 95th percentile",
		"From when people arrived until they were in; as fine as the histogram's buckets.",
		curve("A", expr, "{{region}}")), "s"))
}

func lateness() dashboard.Panel {
	expr := "histogram_quantile(0.99, sum by (le, scenario, probe) (rate(" +
		liveOf("probe_schedule_slip_seconds_bucket", "") + "[$window])))"
	return flowing(lines(panel("timeseries", 10, place(12, 23, 12, 8), "Schedule slip, 99th percentile",
		"How late attempts begin. Beyond a quarter of a probe's period this machine is too busy.",
		curve("A", expr, "{{scenario}}: {{probe}}")), "s"))
}

func faultBands() dashboard.Panel {
	return bands(panel("state-timeline", 11, place(0, 31, 12, 7), "Faults",
		"Since when each fault is proven in force, and until when.",
		curve("A", "max by (scenario, fault, region) ("+liveOf("fault_active", "")+")", "{{scenario}}: {{fault}}")),
		mapped{"1": {"in force", "red"}, "0": {"not", "transparent"}})
}

func measured() dashboard.Panel {
	bound := func(name string) string {
		return "max by (scenario, probe, fault) (last_over_time(" +
			liveOf("last_recovery_time_actual_seconds", `,bound="`+name+`"`) + "[$__range]))"
	}
	return rows(panel("table", 12, place(12, 31, 12, 7), "Recovery time, actual",
		"Between its bounds, once it is concluded. Without an upper one nobody was seen to be back.",
		cells("A", bound("lower")), cells("B", bound("upper"))), "Scenario",
		column{from: "scenario", name: "Scenario"}, column{from: "probe", name: "Probe"},
		column{from: "fault", name: "Fault"},
		column{"Value #A", "At least", seconds("")}, column{"Value #B", "At most", seconds("")})
}
