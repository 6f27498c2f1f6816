package report

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Namespace is in front of every metric's name.
const Namespace = "regiondrill"

// stepWhole is the label step of a whole sign-in, from when it was due.
const stepWhole = "whole"

// Buckets of the classic histograms, in seconds; native ones stand beside them.
var (
	recoveryBuckets = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600, 900}
	signInBuckets   = []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
	slipBuckets     = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1}
)

// Metrics are the metrics of one drill: a history.Sink while it runs or is replayed, and a prometheus.Gatherer. They
// live in a registry of their own. All methods may be called from several goroutines.
type Metrics struct {
	reg *prometheus.Registry

	mu       sync.Mutex
	plan     *history.Plan
	since    map[string]map[history.ChangeKind]history.Instant // of each fault's changes
	kinds    map[attemptKind]*series
	endAt    history.Instant
	undone   bool
	ended    bool
	scenario string
	stamp    string // of the run, "" where its time is not known
	run      runGauges

	attempts     *prometheus.CounterVec
	duration     *prometheus.HistogramVec
	slip         *prometheus.HistogramVec
	active       *prometheus.GaugeVec
	injection    *prometheus.HistogramVec
	heal         *prometheus.HistogramVec
	undoFailures *prometheus.CounterVec
	recovery     *prometheus.HistogramVec
	firstSuccess *prometheus.HistogramVec
	detection    *prometheus.HistogramVec
	failback     *prometheus.HistogramVec
	violations   *prometheus.CounterVec
	point        *prometheus.HistogramVec
	lag          *prometheus.HistogramVec
	info         *prometheus.GaugeVec
	lastRecovery *prometheus.GaugeVec
	lastPhase    *prometheus.GaugeVec
	lastGrade    *prometheus.GaugeVec
	lastValid    *prometheus.GaugeVec
	lastUndo     *prometheus.GaugeVec
	lastSlip     *prometheus.GaugeVec
	lastEnd      *prometheus.GaugeVec
	lastBroken   *prometheus.GaugeVec
	lastPoint    *prometheus.GaugeVec
	lastLag      *prometheus.GaugeVec
	endedBy      *prometheus.GaugeVec
	objective    *prometheus.GaugeVec
	objectiveMet *prometheus.GaugeVec
	availability *prometheus.GaugeVec
	lastSuccess  *prometheus.GaugeVec
	runDuration  *prometheus.GaugeVec
}

// NewMetrics makes the metrics of a drill. Its series appear with the plan, at 0.
func NewMetrics() *Metrics {
	m := &Metrics{reg: prometheus.NewRegistry(), undone: true}
	m.attempts = m.counter("attempts_total", "Sign-ins attempted, those of the warm-up included.",
		"scenario", "probe", "kind", "home", "region", "vantage", "outcome", "class")
	m.duration = m.histogram("attempt_duration_seconds",
		"How long good sign-ins took, from when they were due, and how long each of their steps took.",
		signInBuckets, "scenario", "probe", "kind", "region", "step")
	m.slip = m.histogram("probe_schedule_slip_seconds", "How late attempts began.", slipBuckets, "scenario", "probe")
	m.active = m.gauge("fault_active",
		"1 from when a fault is proven in force until it is proven healed, or is seen to be in force no more.",
		"scenario", "fault", "region")
	m.injection = m.histogram("fault_injection_lag_seconds",
		"From the request of a fault until it was proven in force on its last edge.", recoveryBuckets, "scenario", "fault")
	m.heal = m.histogram("fault_heal_seconds",
		"From the beginning of a fault's undoing until it was proven healed on its last edge.",
		recoveryBuckets, "scenario", "fault")
	m.undoFailures = m.counter("undo_failures_total", "Runs after which something could not be undone.", "scenario")
	m.recovery = m.histogram("recovery_time_actual_seconds",
		"Bounds of the time until people could sign in again and went on to; what never came is missing.",
		recoveryBuckets, "scenario", "probe", "fault", "region", "bound")
	m.firstSuccess = m.histogram("time_to_first_success_seconds",
		"Upper bound of the time until the first of the people who arrived in the fault was in.",
		recoveryBuckets, "scenario", "probe", "fault")
	m.detection = m.histogram("detection_time_seconds",
		"Time until something noticed the fault.", recoveryBuckets, "scenario", "probe", "fault")
	m.failback = m.histogram("failback_time_seconds",
		"Upper bound of the time from healing until the home Region carried people again.",
		recoveryBuckets, "scenario", "probe", "fault")
	m.point = m.histogram("recovery_point_actual_seconds",
		"Bounds of how long before a fault the oldest write was acknowledged that a Region lacked.",
		recoveryBuckets, "scenario", "of", "region", "bound")
	m.lag = m.histogram("replication_lag_seconds",
		"Upper bounds of the time from a write's acknowledgement until another Region was seen to have it.",
		recoveryBuckets, "from", "to", "kind")
	m.violations = m.counter("invariant_violations_total",
		"Times that happened what must never happen.", "scenario", "invariant")
	m.info = m.gauge("run_info", "Always 1; its labels tell the run.", "scenario", "target", "seed", "version")
	m.lastRun()
	m.eachRun()
	return m
}

// lastRun makes the gauges that tell about the last run: all that a Pushgateway is given.
func (m *Metrics) lastRun() {
	m.lastRecovery = m.gauge("last_recovery_time_actual_seconds",
		"Bounds of the last run's recovery time; an upper bound that never came is missing.",
		"scenario", "probe", "fault", "region", "bound")
	m.lastPhase = m.gauge("last_recovery_phase_seconds",
		"Parts of the last run's recovery time; they sum to its upper bound.", "scenario", "probe", "fault", "phase")
	m.lastGrade = m.gauge("last_run_grade", "1 for the grade of the last run, 0 for the others.", "scenario", "grade")
	m.lastValid = m.gauge("last_run_valid", "1 if the measurement of the last run can be believed.", "scenario")
	m.lastUndo = m.gauge("last_run_undo_failures", "1 if something could not be undone after the last run.", "scenario")
	m.lastSlip = m.gauge("last_schedule_slip_p99_seconds",
		"How late attempts of the last run began, at the 99th percentile.", "scenario", "probe")
	m.lastBroken = m.gauge("last_run_invariant_violations",
		"Times that happened in the last run what must never happen; missing where nobody can say.", "scenario", "invariant")
	m.lastPoint = m.gauge("last_recovery_point_actual_seconds",
		"Bounds of how long before a fault of the last run the oldest write was acknowledged that a Region lacked.",
		"scenario", "of", "region", "bound")
	m.lastLag = m.gauge("last_replication_lag_seconds",
		"Upper bound of the longest time in the last run until another Region was seen to have a write.",
		"scenario", "from", "to")
	m.lastEnd = m.gauge("last_run_timestamp_seconds", "When the last run ended.", "scenario")
	m.endedBy = m.gauge("recovery_ended_by",
		"1 for what brought people back in the last run, 0 for the others.", "scenario", "probe", "fault", "ended_by")
	m.objective = m.gauge("recovery_time_objective_seconds", "Recovery time objective.", "scenario", "probe", "fault")
	m.objectiveMet = m.gauge("objective_met",
		"1 if the last run met the objective, 0 if it missed it; missing where nobody can say.", "scenario", "objective")
	m.availability = m.gauge("event_availability_ratio",
		"Share of good sign-ins in a window of the last run; dropped ones count as bad.",
		"scenario", "probe", "fault", "window")
	m.lastSuccess = m.gauge("run_last_success_timestamp_seconds",
		"When a run last ended that met all objectives.", "scenario")
	m.runDuration = m.gauge("run_duration_seconds",
		"How long the last run took, from the end of its warm-up to the end of its settling.", "scenario")
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: Namespace, Name: name, Help: help}, labels)
	m.reg.MustRegister(v)
	return v
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: Namespace, Name: name, Help: help}, labels)
	m.reg.MustRegister(v)
	return v
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: Namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}, labels)
	m.reg.MustRegister(v)
	return v
}

// Record takes in one event, live or replayed. It never fails.
func (m *Metrics) Record(e history.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case e.Plan != nil:
		m.begin(e.At, e.Plan)
	case m.plan == nil: // without a plan nothing can be labelled
	case e.Attempt != nil:
		m.attempt(e.Attempt)
	case e.Fault != nil:
		m.change(e.At, e.Fault)
	case e.Phase != nil:
		m.enter(e.Phase.Name)
	case e.End != nil:
		m.end(e.At, e.End)
	}
	return nil
}

// begin exposes at 0 every series that will count something, so that increase() sees the first one.
func (m *Metrics) begin(at history.Instant, p *history.Plan) {
	m.plan, m.scenario = p, label(p.Scenario)
	m.kinds = map[attemptKind]*series{}
	m.since = map[string]map[history.ChangeKind]history.Instant{}
	m.undoFailures.WithLabelValues(m.scenario)
	m.info.WithLabelValues(m.scenario, label(p.Target), fmt.Sprint(p.Seed), label(p.Version)).Set(1)
	for i := range p.Probes {
		if probe := &p.Probes[i]; !probe.Skipped {
			m.beginProbe(p, probe)
		}
	}
	for _, f := range p.Faults {
		m.active.WithLabelValues(m.scenario, label(f.Name), label(f.Region))
	}
	if p.Invariants != nil {
		for _, name := range p.Invariants.Only {
			m.violations.WithLabelValues(m.scenario, label(name))
		}
	}
	m.beginRun(at, p)
}

func (m *Metrics) beginProbe(p *history.Plan, probe *history.Probe) {
	m.slip.WithLabelValues(m.scenario, label(probe.Name))
	count := func(region string, outcome history.Outcome, class history.Class) {
		m.attempts.WithLabelValues(m.scenario, label(probe.Name), label(probe.Kind), label(probe.Home), label(region),
			label(probe.From), string(outcome), string(class))
	}
	for _, region := range p.Regions {
		count(region, history.Good, "")
	}
	count("", history.Dropped, "")
	for _, class := range history.Classes() {
		outcome := history.Bad
		if ours(class) {
			outcome = history.Unknown
		}
		count("", outcome, class)
	}
	for _, f := range p.Faults {
		for _, v := range []*prometheus.HistogramVec{m.firstSuccess, m.detection, m.failback} {
			v.WithLabelValues(m.scenario, label(probe.Name), label(f.Name))
		}
	}
}

// ours tells whether a class is a failure of the harness, so that the attempt is unknown.
func ours(c history.Class) bool {
	return c == history.ClassStopped || c == history.ClassBrowser || c == history.ClassHarness
}

// label makes a label's value of words.
func label(s string) string { return short(clean(s), 128) }

// attemptKind is the words of an attempt that become labels. A run has few such kinds and many attempts.
type attemptKind struct {
	probe, kind, home, region string
	outcome                   history.Outcome
	class                     history.Class
}

// series are what attempts of one kind count in, looked up once.
type series struct {
	count prometheus.Counter
	slip  prometheus.Observer // nil where nothing began
	whole prometheus.Observer // nil where nothing was good
	steps map[string]prometheus.Observer
}

// maxKinds bounds what is remembered, should every attempt be of another kind.
const maxKinds = 10000

func (m *Metrics) seriesOf(a *history.Attempt) *series {
	key := attemptKind{a.Probe, a.Kind, a.Home, a.Region, a.Outcome, a.Class}
	if s := m.kinds[key]; s != nil {
		return s
	}
	probe, from := label(a.Probe), label(a.From)
	if p := m.plan.Probe(a.Probe); p != nil {
		from = label(p.From)
	}
	s := &series{steps: map[string]prometheus.Observer{}}
	s.count = m.attempts.WithLabelValues(m.scenario, probe, label(a.Kind), label(a.Home), label(a.Region),
		from, label(string(a.Outcome)), label(string(a.Class)))
	if a.Outcome != history.Dropped {
		s.slip = m.slip.WithLabelValues(m.scenario, probe)
	}
	if a.Outcome == history.Good {
		s.whole = m.step(a, stepWhole)
	}
	if len(m.kinds) < maxKinds {
		m.kinds[key] = s
	}
	return s
}

func (m *Metrics) step(a *history.Attempt, step string) prometheus.Observer {
	return m.duration.WithLabelValues(m.scenario, label(a.Probe), label(a.Kind), label(a.Region), label(step))
}

func (m *Metrics) attempt(a *history.Attempt) {
	s := m.seriesOf(a)
	s.count.Inc()
	m.lose(a)
	if s.slip != nil {
		s.slip.Observe(max(0, (a.Began - a.Due).Seconds()))
	}
	if s.whole == nil {
		return
	}
	s.whole.Observe(max(0, (a.Ended - a.Due).Seconds()))
	for i := range a.Steps {
		name := a.Steps[i].Name
		o := s.steps[name]
		if o == nil {
			o = m.step(a, name)
			if len(s.steps) < maxKinds {
				s.steps[name] = o
			}
		}
		o.Observe(max(0, a.Steps[i].Took.Seconds()))
	}
}

// change follows a fault. Its instants are those of the last edge, as everywhere.
func (m *Metrics) change(at history.Instant, c *history.Change) {
	_, at = c.Span(at)
	seen := m.since[c.Name]
	if seen == nil {
		seen = map[history.ChangeKind]history.Instant{}
		m.since[c.Name] = seen
	}
	seen[c.Change] = at
	region := ""
	if f := m.plan.Fault(c.Name); f != nil {
		region = f.Region
	}
	active := m.active.WithLabelValues(m.scenario, label(c.Name), label(region))
	switch c.Change {
	case history.Effective:
		active.Set(1)
		if requested, ok := seen[history.Requested]; ok {
			m.injection.WithLabelValues(m.scenario, label(c.Name)).Observe(max(0, (at - requested).Seconds()))
		}
	case history.Healed:
		active.Set(0)
		if healing, ok := seen[history.Healing]; ok {
			m.heal.WithLabelValues(m.scenario, label(c.Name)).Observe(max(0, (at - healing).Seconds()))
		}
	case history.Expired, history.Lost:
		active.Set(0)
	}
}

func (m *Metrics) end(at history.Instant, e *history.End) {
	m.endAt, m.undone, m.ended = at, e.Undone, true
	m.enter(phaseEnded)
	if !e.Undone {
		m.undoFailures.WithLabelValues(m.scenario).Inc()
	}
}

// Conclude adds what was concluded from the drill.
func (m *Metrics) Conclude(v *verdict.Verdict) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.scenario == "" {
		m.scenario = label(v.Scenario)
	}
	m.concludeRun(v)
	for i := range v.Recoveries {
		m.concludeRecovery(&v.Recoveries[i])
	}
	m.concludeReplication(v)
	for _, f := range v.Findings {
		m.concludeFinding(f)
	}
	for _, w := range v.Windows {
		if w.Availability != nil {
			m.availability.WithLabelValues(m.scenario, label(w.Probe), label(w.Fault), label(w.Window)).Set(*w.Availability)
		}
	}
	for _, i := range v.Invariants {
		m.violations.WithLabelValues(m.scenario, label(i.Name)).Add(float64(max(0, i.Violations)))
		if i.Grade != verdict.Unknown {
			m.lastBroken.WithLabelValues(m.scenario, label(i.Name)).Set(float64(max(0, i.Violations)))
		}
	}
	for probe, slip := range v.Validity.ScheduleSlipP99 {
		m.lastSlip.WithLabelValues(m.scenario, label(probe)).Set(float64(slip))
	}
}

func (m *Metrics) concludeRun(v *verdict.Verdict) {
	for _, g := range []verdict.Grade{verdict.Pass, verdict.Fail, verdict.Unknown} {
		m.lastGrade.WithLabelValues(m.scenario, string(g)).Set(truth(v.Grade == g))
	}
	m.lastValid.WithLabelValues(m.scenario).Set(truth(v.Validity.Grade == verdict.Pass))
	m.lastUndo.WithLabelValues(m.scenario).Set(truth(!m.undone))
	m.runDuration.WithLabelValues(m.scenario).Set(float64(v.Seconds))
	if v.Started.IsZero() {
		return
	}
	took := v.Seconds
	if m.ended {
		took = verdict.Seconds(m.endAt.Seconds())
	}
	ended := unix(v.Started) + float64(took)
	m.lastEnd.WithLabelValues(m.scenario).Set(ended)
	m.endRun(v, ended)
	if v.Grade == verdict.Pass {
		m.lastSuccess.WithLabelValues(m.scenario).Set(ended)
	}
}

// unix is an instant as a gauge has it.
func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *Metrics) concludeRecovery(r *verdict.Recovery) {
	probe, fault := label(r.Probe), label(r.Fault)
	for _, by := range []verdict.EndedBy{verdict.Failover, verdict.Home, verdict.Heal, verdict.None, verdict.Never} {
		name := string(by)
		if by == verdict.Never {
			name = "never"
		}
		m.endedBy.WithLabelValues(m.scenario, probe, fault, name).Set(truth(r.Effective != nil && r.EndedBy == by))
	}
	bound := func(name string, s verdict.Seconds) {
		labels := []string{m.scenario, probe, fault, label(r.RecoveredIn), name}
		m.lastRecovery.WithLabelValues(labels...).Set(float64(s))
		m.recovery.WithLabelValues(labels...).Observe(float64(s))
	}
	if i := r.RecoveryTimeActual; i != nil && len(r.Doubts) == 0 {
		bound("lower", i.Lower)
		if i.Upper != nil {
			bound("upper", *i.Upper)
		}
	}
	for _, p := range parts(r.Phases, history.Words{}) {
		m.lastPhase.WithLabelValues(m.scenario, probe, fault, p.Name).Set(float64(p.Took))
	}
	for vec, s := range map[*prometheus.HistogramVec]*verdict.Seconds{
		m.firstSuccess: upper(r.TimeToFirstSuccess), m.detection: r.Detection, m.failback: upper(r.Failback),
	} {
		if s != nil {
			vec.WithLabelValues(m.scenario, probe, fault).Observe(float64(*s))
		}
	}
}

func upper(i *verdict.Interval) *verdict.Seconds {
	if i == nil {
		return nil
	}
	return i.Upper
}

func (m *Metrics) concludeFinding(f verdict.Finding) {
	if f.Grade == verdict.Pass || f.Grade == verdict.Fail {
		m.objectiveMet.WithLabelValues(m.scenario, label(f.Name)).Set(truth(f.Grade == verdict.Pass))
	}
	if f.Measure == verdict.RecoveryTime && f.Within != nil {
		m.objective.WithLabelValues(m.scenario, label(f.Probe), label(f.Fault)).Set(float64(*f.Within))
	}
}

// Gather makes Metrics a prometheus.Gatherer.
func (m *Metrics) Gather() ([]*dto.MetricFamily, error) { return m.reg.Gather() }

// Handler serves the metrics, in OpenMetrics to who asks for it.
func (m *Metrics) Handler() http.Handler { return HandlerOf(m) }

// HandlerOf serves the metrics of several drills that run side by side.
func HandlerOf(drills ...*Metrics) http.Handler {
	return promhttp.HandlerFor(gatherers(drills), promhttp.HandlerOpts{EnableOpenMetrics: true})
}

func gatherers(drills []*Metrics) prometheus.Gatherers {
	all := make(prometheus.Gatherers, len(drills))
	for i, m := range drills {
		all[i] = m
	}
	return all
}

// WriteText writes the metrics in Prometheus's text format, without timestamps, as textfile collectors want them.
func (m *Metrics) WriteText(w io.Writer) error { return writeText(w, m) }

func writeText(w io.Writer, g prometheus.Gatherer) error {
	families, err := g.Gather()
	if err != nil {
		return fmt.Errorf("gathering metrics: %w", err)
	}
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return fmt.Errorf("writing metrics: %w", err)
		}
	}
	return nil
}

// writeMetrics writes metrics.prom: the same code path as the live metrics, over the replayed history.
func writeMetrics(w io.Writer, reports []*Report) error {
	var all []*Metrics
	at := map[string]int{} // of each scenario: one series can be there only once, and the latest run is the one to show
	for _, d := range openAll(reports) {
		m := replayed(d)
		if i, ok := at[m.scenario]; ok {
			all[i] = m
			continue
		}
		at[m.scenario] = len(all)
		all = append(all, m)
	}
	return writeText(w, gatherers(all))
}

// replayed are the metrics of a drill, or of many that conclude together.
func replayed(d *drill) *Metrics {
	if d.set != nil {
		return setMetrics(d.set)
	}
	return replay(d)
}

// Replay makes the metrics of a drill from its record and what was concluded from it.
func Replay(r *Report) *Metrics { return replay(open(r)) }

func replay(d *drill) *Metrics {
	m := NewMetrics()
	plan := d.h.Plan
	plan.Scenario = cmp.Or(plan.Scenario, d.Scenario) // a drill that was skipped has no history
	begin := history.Event{Type: history.TypePlan, Plan: &plan}
	if len(d.h.Events) > 0 && d.h.Events[0].Type == history.TypePlan {
		begin.At = d.h.Events[0].At
	}
	_ = m.Record(begin)
	for i := range d.h.Attempts {
		_ = m.Record(history.Event{Type: history.TypeAttempt, Attempt: &d.h.Attempts[i]})
	}
	for _, e := range d.h.Events {
		if e.Type != history.TypePlan {
			_ = m.Record(e)
		}
	}
	m.Conclude(d.Verdict)
	return m
}
