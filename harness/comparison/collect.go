package comparison

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// series is a measure while its runs' values are gathered.
type series struct {
	Measure
	sides [2][]Value
	// floor is what must have shifted at least; arrives tells that it is by how often people come, so that a rule can say
	// otherwise.
	floor   float64
	arrives bool
}

// collection is all series, in the order in which they were met.
type collection struct {
	all    []*series
	known  map[key]*series
	asked  map[key]bool // by a check
	side   int
	run    int
	period map[string]float64 // of each probe, the longest of all runs
	own    *Run
}

// key tells a series from others, or, without a name, what a check asks for.
type key struct {
	name, quantile, measure, probe, fault, window string
}

// collect gathers what the runs measured that count.
func collect(a, b *Set) []*series {
	c := &collection{known: map[key]*series{}, asked: map[key]bool{}, period: map[string]float64{}}
	c.each(a, b, c.periods)
	c.each(a, b, c.findings)
	c.each(a, b, c.further)
	var told []*series
	for _, s := range c.all {
		// A phase that never took any time tells nothing.
		if s.Decides || s.is(func(v Value) bool { return v.Value != 0 || v.Never }) {
			told = append(told, s)
		}
	}
	if len(c.asked) == 0 { // no check asks for anything
		for _, s := range told {
			s.Decides = s.Name == recoveryName(s.Probe, s.Fault)
		}
	}
	if !slices.ContainsFunc(told, func(s *series) bool { return s.MustTell }) {
		for _, s := range told {
			s.MustTell = s.Decides && s.Unit != InMisses
		}
	}
	for _, s := range told { // nobody told of it on one side any more, which is no answer of the other's
		if s.Decides && (len(s.sides[0]) == 0) != (len(s.sides[1]) == 0) {
			s.MustTell = true
		}
	}
	return told
}

func (s *series) is(so func(Value) bool) bool {
	return slices.ContainsFunc(s.sides[0], so) || slices.ContainsFunc(s.sides[1], so)
}

func (c *collection) each(a, b *Set, do func(*verdict.Verdict)) {
	for side, set := range []*Set{a, b} {
		for run := range set.Runs {
			if c.own = &set.Runs[run]; LeftOut(c.own.Verdict) == "" {
				c.side, c.run = side, run
				do(c.own.Verdict)
			}
		}
	}
}

func (c *collection) periods(*verdict.Verdict) {
	if c.own.Plan == nil {
		return
	}
	for _, p := range c.own.Plan.Probes {
		c.period[p.Name] = max(c.period[p.Name], p.Every.Seconds())
	}
}

// add notes a value of a measure.
func (c *collection) add(name string, subject verdict.Subject, unit Unit, v Value) *series {
	k := key{name, "", subject.Measure, subject.Probe, subject.Fault, subject.Window}
	s := c.known[k]
	if s == nil {
		subject.Within = nil
		s = &series{Measure: Measure{Name: name, Subject: subject, Unit: unit}}
		c.known[k], c.all = s, append(c.all, s)
	}
	v.Run = c.run
	s.sides[c.side] = append(s.sides[c.side], v)
	return s
}

// arriving is a length of time that is known by people who come every so often: two of their periods are no shift.
func (c *collection) arriving(s *series) *series {
	s.floor, s.arrives = max(least, 2*c.period[s.Probe]), true
	return s
}

// findings are what checks ask for.
func (c *collection) findings(v *verdict.Verdict) {
	for _, f := range v.Findings {
		c.asks(f.Subject, "")
		switch f.Measure {
		case verdict.RecoveryTime:
			if s, ok := repetition.SampleOf(v, f); ok {
				back := c.arriving(c.add(f.Name, f.Subject, InSeconds, valueOf(s)))
				back.Decides, back.MustTell = true, true
			}
		case verdict.LatencyQuantiles:
			c.latency(v, f)
		case "":
			if f.Grade == verdict.Pass || f.Grade == verdict.Fail {
				missed := map[verdict.Grade]verdict.Seconds{verdict.Fail: 1}[f.Grade]
				c.add(f.Name, f.Subject, InMisses, Value{Value: missed}).Decides = true
			}
		default:
			c.number(v, f)
		}
	}
}

// asks notes that a check asks for something.
func (c *collection) asks(s verdict.Subject, quantile string) {
	c.asked[key{"", quantile, s.Measure, s.Probe, s.Fault, s.Window}] = true
}

func (c *collection) isAsked(s verdict.Subject, quantile string) bool {
	return c.asked[key{"", quantile, s.Measure, s.Probe, s.Fault, s.Window}]
}

// isShare tells whether a measure is a share of people or attempts.
func isShare(measure string) bool {
	return measure == verdict.ShareOfGood || measure == verdict.SessionsKept
}

// number is what a finding measured.
func (c *collection) number(v *verdict.Verdict, f verdict.Finding) {
	var value Value
	switch actual := f.Actual.(type) {
	case float64:
		value.Value = verdict.Seconds(actual)
	case verdict.Share:
		value.Value = verdict.Seconds(actual.Lower)
	case *verdict.Interval:
		if value.Value = actual.Lower; actual.Upper != nil {
			value.Value = *actual.Upper
		}
		value.Never = actual.Upper == nil
	default:
		return
	}
	if isShare(f.Measure) {
		s := c.add(f.Name, f.Subject, InShares, value)
		floor := leastShare
		if f.Measure == verdict.ShareOfGood {
			floor = two(v.Window(f.Probe, f.Fault, f.Window))
		}
		s.Decides, s.floor = true, max(s.floor, floor)
		return
	}
	c.arriving(c.add(f.Name, f.Subject, InSeconds, value)).Decides = true
}

// two are two attempts as a share of those in a window: so much is no shift of availability.
func two(w *verdict.Window) float64 {
	if w == nil || w.Attempts == 0 {
		return leastShare
	}
	return 2 / float64(w.Attempts)
}

// latency is each quantile that a check of latency asks for.
func (c *collection) latency(v *verdict.Verdict, f verdict.Finding) {
	w := v.Window(f.Probe, f.Fault, f.Window)
	if w == nil || w.Latency == nil || !w.Observed || c.own.Plan == nil {
		return
	}
	for _, check := range c.own.Plan.Checks {
		var asked map[string]any
		if check.Name != f.Name || json.Unmarshal(check.Config, &asked) != nil {
			continue
		}
		for _, q := range quantiles {
			limit, _ := asked[q.name].(string)
			if d, err := time.ParseDuration(limit); err != nil || d == 0 {
				continue
			}
			c.asks(f.Subject, q.name)
			if took, told := q.told(w); told {
				s := c.add(q.name+", "+f.Name, f.Subject, InSeconds, Value{Value: took})
				s.Decides, s.floor = true, least
			}
		}
	}
}

// quantile is one of a window's latency, and how many good attempts it takes.
type quantile struct {
	name  string
	least int
	of    func(*verdict.Latency) verdict.Seconds
	most  func(*verdict.LatencyUpper) *verdict.Seconds
}

var quantiles = []quantile{
	{"p50", 1, func(l *verdict.Latency) verdict.Seconds { return l.P50 },
		func(l *verdict.LatencyUpper) *verdict.Seconds { return l.P50 }},
	{"p95", 20, func(l *verdict.Latency) verdict.Seconds { return l.P95 },
		func(l *verdict.LatencyUpper) *verdict.Seconds { return l.P95 }},
	{"p99", 100, func(l *verdict.Latency) verdict.Seconds { return l.P99 },
		func(l *verdict.LatencyUpper) *verdict.Seconds { return l.P99 }},
	{"max", 1, func(l *verdict.Latency) verdict.Seconds { return l.Max },
		func(l *verdict.LatencyUpper) *verdict.Seconds { return l.Max }},
}

// told is what a window says of it; false where that is nothing: there were too few, or it may have been otherwise by
// more than counts, because this machine stood still or nobody knows how some attempts went.
func (q quantile) told(w *verdict.Window) (verdict.Seconds, bool) {
	if w.Latency == nil || w.Good < q.least {
		return 0, false
	}
	took := q.of(w.Latency)
	lower, upper := took, &took
	if w.LatencyLower != nil {
		lower = q.of(w.LatencyLower)
	}
	if w.LatencyUpper != nil {
		upper = q.most(w.LatencyUpper)
	}
	return took, upper != nil && *upper-lower <= max(least, took/10)
}

func valueOf(s repetition.Sample) Value {
	t := s.Time()
	return Value{Value: verdict.Seconds(t.Seconds), Never: t.Censored}
}

func recoveryName(probe, fault string) string { return "recovery of " + probe + " from " + fault }

// further is what no check asks for: it informs.
func (c *collection) further(v *verdict.Verdict) {
	for i := range v.Recoveries {
		c.recovery(v, &v.Recoveries[i])
	}
	for i := range v.Windows {
		c.window(&v.Windows[i])
	}
}

func (c *collection) recovery(v *verdict.Verdict, r *verdict.Recovery) {
	back := verdict.Subject{Probe: r.Probe, Fault: r.Fault, Window: verdict.Fault, Measure: verdict.RecoveryTime}
	name := recoveryName(r.Probe, r.Fault)
	if s, ok := repetition.SampleOf(v, verdict.Finding{Subject: back}); ok && !c.isAsked(back, "") {
		c.arriving(c.add(name, back, InSeconds, valueOf(s)))
	}
	if p := r.Phases; p != nil && r.EndedBy == verdict.Failover && len(r.Doubts) == 0 {
		for i, took := range p.Each() {
			c.arriving(c.add(verdict.PhaseNames[i]+", "+name, back, InSeconds, Value{Value: took}))
		}
	}
	home := verdict.Subject{Probe: r.Probe, Fault: r.Fault, Window: verdict.After, Measure: verdict.FailbackTime}
	if r.Failback != nil && r.Failback.Upper != nil && !c.isAsked(home, "") {
		c.arriving(c.add("failback of "+r.Probe+" after "+r.Fault, home, InSeconds, Value{Value: *r.Failback.Upper}))
	}
}

// when is how a window is called behind whom it is of.
var when = map[string]string{verdict.Baseline: "before", verdict.Fault: "during"}

// window is what people saw before and during a fault. After it there is failback.
func (c *collection) window(w *verdict.Window) {
	if when[w.Window] == "" || !w.Observed {
		return
	}
	behind := " of " + w.Probe + " " + when[w.Window] + " " + w.Fault
	good := verdict.Subject{Probe: w.Probe, Fault: w.Fault, Window: w.Window, Measure: verdict.ShareOfGood}
	if w.Window == verdict.Fault && w.Availability != nil && !c.isAsked(good, "") {
		s := c.add("availability"+behind, good, InShares, Value{Value: verdict.Seconds(*w.Availability)})
		s.floor = max(s.floor, two(w))
	}
	took := verdict.Subject{Probe: w.Probe, Fault: w.Fault, Window: w.Window, Measure: verdict.LatencyQuantiles}
	for _, q := range quantiles[:2] {
		if value, told := q.told(w); told && !c.isAsked(took, q.name) {
			c.add(q.name+", latency"+behind, took, InSeconds, Value{Value: value}).floor = least
		}
	}
}
