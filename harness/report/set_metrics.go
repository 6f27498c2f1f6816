package report

import (
	"fmt"
	"io"
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// setMetrics are the gauges of what many drills of one scenario conclude together: as many series as the scenario has
// objectives, however many drills there were. What a textfile collector or an alert asks of a single drill is told
// under the same name, of all of them; nothing is told of simulated ones, which are no runs.
func setMetrics(r *repetition.Result) *Metrics {
	m := NewMetrics()
	m.scenario = label(r.Scenario)
	if r.Virtual {
		return m
	}
	drills := m.gauge("last_repetition_runs", "Drills of the last repetition, by what became of them.",
		"scenario", "outcome")
	judged := m.gauge("last_repetition_objective_runs",
		"Drills of the last repetition that count, by whether they met an objective.", "scenario", "objective", "outcome")
	atLeast := m.gauge("last_repetition_objective_met_at_least_ratio",
		"Share of drills that meets an objective at least, with the confidence that was asked for.",
		"scenario", "objective")
	times := m.gauge("last_repetition_recovery_time_actual_seconds",
		"Recovery time over the drills of the last repetition, by upper bounds; +Inf where nobody was seen to be back.",
		"scenario", "probe", "fault", "statistic")
	m.concludeRun(Summed(r, "").Verdict) // its end is that of all their durations in a row, and so never too late
	m.runDuration.Reset()                // what is between the drills is in none of them
	m.lastUndo.Reset()                   // each of them tells it of itself
	for outcome, n := range map[string]int{"counted": r.Counted, "discarded": len(r.Runs) - r.Counted,
		"not_run": max(0, notRun(r))} {
		drills.WithLabelValues(m.scenario, outcome).Set(float64(n))
	}
	for i := range r.Objectives {
		o := &r.Objectives[i]
		name := label(o.Name)
		for outcome, n := range map[string]int{"met": o.Met, "missed": o.Missed, "unknown": o.Unknown} {
			judged.WithLabelValues(m.scenario, name, outcome).Set(float64(n))
		}
		atLeast.WithLabelValues(m.scenario, name).Set(o.AtLeast)
		m.concludeFinding(verdict.Finding{Name: o.Name, Subject: o.Subject, Grade: o.Grade()})
		if o.Times != nil && o.Measure == verdict.RecoveryTime {
			concludeTimes(times, m.scenario, o)
		}
	}
	return m
}

// notRun is how many drills there were to be more. A repetition that stopped because it knew enough lacks none.
func notRun(r *repetition.Result) int {
	if r.Stopped == "" {
		return 0
	}
	return r.Rule.Times - len(r.Runs)
}

func concludeTimes(to *prometheus.GaugeVec, scenario string, o *repetition.Objective) {
	tell := func(statistic string, s *verdict.Seconds, otherwise float64) {
		value := otherwise
		if s != nil {
			value = float64(*s)
		}
		if !math.IsNaN(value) {
			to.WithLabelValues(scenario, label(o.Probe), label(o.Fault), statistic).Set(value)
		}
	}
	t, unknown, never := o.Times, math.NaN(), math.NaN()
	if t.NeverRecovered > 0 {
		never = math.Inf(1)
	}
	tell("min", t.Min, unknown)
	tell("median", t.Median, never)
	tell("median_lower", t.Lower, unknown)
	tell("median_upper", t.Upper, unknown)
	tell("p95", t.P95, unknown)
	if t.NeverRecovered > 0 {
		tell("max", nil, never)
		return
	}
	tell("max", t.Max, unknown)
}

// writeSetMetrics writes the metrics.prom of many drills.
func writeSetMetrics(w io.Writer, r *Report) error {
	if r.Set.Virtual { // an empty file would look like one that was cut short
		_, err := fmt.Fprintln(w, "# These drills were simulated, and nothing is measured of them.")
		return err
	}
	return writeText(w, setMetrics(r.Set))
}
