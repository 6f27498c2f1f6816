package report

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// runGauges tell about one run under its label run. A Pushgateway forgets them with the next push; Prometheus, which
// scraped them, keeps every run as series of its own, so that a board can list, compare and rank runs.
type runGauges struct {
	started, planned, every, phase, end, recovery, objective, phases, failback, latency, lost *prometheus.GaugeVec
}

// startFamilies are what a Pushgateway is given when a run begins, endFamilies when it is concluded.
var (
	startFamilies = []string{"run_started_timestamp_seconds", "run_planned_end_timestamp_seconds", everyFamily}
	endFamilies   = []string{"run_end_timestamp_seconds", "run_recovery_time_actual_seconds",
		"run_recovery_time_objective_seconds", "run_recovery_phase_seconds", "run_failback_time_seconds",
		"run_sign_in_duration_seconds", "run_lost_sign_ins", everyFamily}
)

const everyFamily = "run_expected_every_seconds"

// maxPairs bounds the pairs of a probe and a fault of which one run tells, and with them the series that it leaves.
const maxPairs = 12

// eachRun makes them.
func (m *Metrics) eachRun() {
	m.run = runGauges{
		started: m.gauge("run_started_timestamp_seconds", "When the run began to stand, before its warm-up.",
			"scenario", "run", "target", "version", "folder"),
		planned: m.gauge("run_planned_end_timestamp_seconds", "When the run's settling is expected to end.",
			"scenario", "run"),
		every: m.gauge(everyFamily, "How often the drill is said to be run; missing where nobody said.", "scenario"),
		phase: m.gauge("run_phase", "1 for the phase that the run is in, 0 for the others.", "scenario", "phase"),
		end: m.gauge("run_end_timestamp_seconds", "When the run ended; its labels tell what came of it.",
			"scenario", "run", "grade", "target", "version", "seed", "folder", "report"),
		recovery: m.gauge("run_recovery_time_actual_seconds",
			"Bounds of the run's recovery time; the upper one is +Inf where nobody was seen to be back.",
			"scenario", "run", "probe", "fault", "region", "ended_by", "bound"),
		objective: m.gauge("run_recovery_time_objective_seconds", "Recovery time objective of the run.",
			"scenario", "run", "probe", "fault"),
		phases: m.gauge("run_recovery_phase_seconds",
			"Parts of the run's recovery time; they sum to its upper bound.", "scenario", "run", "probe", "fault", "phase"),
		failback: m.gauge("run_failback_time_seconds",
			"Bounds of the run's failback time; the upper one is +Inf where home was not seen to carry people again.",
			"scenario", "run", "probe", "fault", "bound"),
		latency: m.gauge("run_sign_in_duration_seconds",
			"How long the run's good sign-ins took, at a percentile that so many can bear.",
			"scenario", "run", "probe", "fault", "window", "percentile"),
		lost: m.gauge("run_lost_sign_ins", "Sign-ins of the run, the warm-up's left out, that failed.",
			"scenario", "run", "probe"),
	}
}

// phaseEnded stands for a run that is over, beside the phases of the history.
const phaseEnded = "ended"

// beginRun tells of a run that stands. Nothing is told of one without a time.
func (m *Metrics) beginRun(at history.Instant, p *history.Plan) {
	m.stamp = label(p.RunStamp())
	if m.stamp == "" {
		return
	}
	began := unix(p.Zero) + at.Seconds()
	m.run.started.WithLabelValues(m.scenario, m.stamp, label(p.Target), label(p.Version), m.folder()).Set(began)
	m.run.planned.WithLabelValues(m.scenario, m.stamp).Set(unix(p.Zero) + p.Length().Seconds())
	if p.ExpectEvery > 0 {
		m.run.every.WithLabelValues(m.scenario).Set(p.ExpectEvery.Seconds())
	}
	for i := range p.Probes {
		if !p.Probes[i].Skipped {
			m.run.lost.WithLabelValues(m.scenario, m.stamp, label(p.Probes[i].Name))
		}
	}
	m.enter(history.PhaseProvisioning)
}

// folder is the name of the run's folder, or what an earlier version's begins with.
func (m *Metrics) folder() string { return cmp.Or(label(m.plan.Folder), m.stamp) }

// enter follows the phases.
func (m *Metrics) enter(phase string) {
	for _, other := range []string{history.PhaseProvisioning, history.PhaseWarmUp, history.PhaseDrill,
		history.PhaseSettling, history.PhaseDraining, phaseEnded} {
		m.run.phase.WithLabelValues(m.scenario, other).Set(truth(phase == other))
	}
}

// lose counts a sign-in that failed once the warm-up was over.
func (m *Metrics) lose(a *history.Attempt) {
	if a.Outcome == history.Bad && a.Due >= 0 && m.stamp != "" {
		m.run.lost.WithLabelValues(m.scenario, m.stamp, label(a.Probe)).Inc()
	}
}

// endRun adds what was concluded. A measurement that is not valid tells nothing but when the run was, its grade and
// who failed.
func (m *Metrics) endRun(v *verdict.Verdict, ended float64) {
	if m.stamp == "" || m.plan == nil {
		return
	}
	link, _ := ReportLink(m.plan.ReportURL) // a history may say anything
	m.run.end.WithLabelValues(m.scenario, m.stamp, string(v.Grade), label(v.Target), label(v.Version),
		fmt.Sprint(v.Seed), m.folder(), link).Set(ended)
	if v.Validity.Grade != verdict.Pass {
		return
	}
	for _, p := range judged(v) {
		m.endPair(v, p)
	}
}

// pair is a probe and a fault.
type pair struct{ probe, fault string }

// judged are the pairs whose recovery a check judges, else the one that a report would show first.
func judged(v *verdict.Verdict) []pair {
	var all []pair
	for _, f := range v.Findings {
		if p := (pair{f.Probe, f.Fault}); f.Measure == verdict.RecoveryTime && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	if r := open(&Report{Verdict: v}).headlineRecovery(); len(all) == 0 && r != nil {
		all = append(all, pair{r.Probe, r.Fault})
	}
	return all[:min(len(all), maxPairs)]
}

func (m *Metrics) endPair(v *verdict.Verdict, p pair) {
	of := []string{m.scenario, m.stamp, label(p.probe), label(p.fault)}
	with := func(more ...string) []string { return slices.Concat(of, more) }
	if within, _ := open(&Report{Verdict: v}).objective(p.probe, p.fault); within != nil {
		m.run.objective.WithLabelValues(of...).Set(float64(*within))
	}
	for _, window := range []string{verdict.Baseline, verdict.Fault, verdict.After} {
		for percentile, took := range bearable(v.Window(p.probe, p.fault, window)) {
			m.run.latency.WithLabelValues(with(window, percentile)...).Set(float64(took))
		}
	}
	r := v.Recovery(p.probe, p.fault)
	if r == nil || len(r.Doubts) > 0 {
		return
	}
	if i := r.RecoveryTimeActual; i != nil {
		m.run.recovery.WithLabelValues(with(label(r.RecoveredIn), endedBy(r), "lower")...).Set(float64(i.Lower))
		m.run.recovery.WithLabelValues(with(label(r.RecoveredIn), endedBy(r), "upper")...).Set(orNever(i.Upper))
	}
	if i := r.Failback; i != nil {
		m.run.failback.WithLabelValues(with("lower")...).Set(float64(i.Lower))
		m.run.failback.WithLabelValues(with("upper")...).Set(orNever(i.Upper))
	}
	for _, part := range parts(r.Phases, history.Words{}) {
		m.run.phases.WithLabelValues(with(part.Name)...).Set(float64(part.Took))
	}
}

// endedBy names what brought people back. Where that can't be told although they were seen back, it is undecided.
func endedBy(r *verdict.Recovery) string {
	if r.EndedBy == verdict.Never && r.RecoveryTimeActual.Upper != nil {
		return "undecided"
	}
	return cmp.Or(string(r.EndedBy), "never")
}

// orNever is an upper bound as a number that is greater than all others where it never came: what is ranked stays
// right, and what takes a mean of it gets no number.
func orNever(s *verdict.Seconds) float64 {
	if s == nil {
		return math.Inf(1)
	}
	return float64(*s)
}

// bearable are the percentiles that a window's good sign-ins are enough for.
func bearable(w *verdict.Window) map[string]verdict.Seconds {
	all := map[string]verdict.Seconds{}
	if w == nil || w.Latency == nil {
		return all
	}
	all["50"] = w.Latency.P50
	if w.Good >= 20 {
		all["95"] = w.Latency.P95
	}
	if w.Good >= 100 {
		all["99"] = w.Latency.P99
	}
	return all
}

// maxLink bounds the length of a link: longer ones would weigh on everything that keeps the label.
const maxLink = 500

// ReportLink checks the address of a report: an http or https URL without user info, query and fragment, which may hold
// a secret. Empty stays empty. Its error doesn't repeat the address.
func ReportLink(address string) (string, error) {
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(address) > maxLink || !isClean(address) {
		return "", errors.New("must be an http or https URL without a password, a query and a fragment, " +
			"such as https://ci.example/drills/{folder}/report.html")
	}
	return u.String(), nil
}
