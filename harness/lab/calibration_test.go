package lab_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
	"github.com/regiondrill/regiondrill/probes"
)

// variant is one way to harm the system, and what its people do about it.
type variant struct {
	name, fault string
	steer       time.Duration // patience before they open the bookmark; 0: nobody steers
	far         bool          // the other Region is so far that who waits for home may be in first
	shaped      bool          // the links have jitter and a bandwidth
}

func variants() []variant {
	modes := []struct{ name, fault string }{
		{"blackhole", "kind: region_outage, where: {region: us-east-1}, mode: blackhole"},
		{"blackhole lost", "kind: region_outage, where: {region: us-east-1}, mode: blackhole, hold: false"},
		{"refuse", "kind: region_outage, where: {region: us-east-1}, mode: refuse"},
		{"reset", "kind: region_outage, where: {region: us-east-1}, mode: reset"},
		{"http_503", "kind: region_outage, where: {region: us-east-1}, mode: http_503"},
		{"api error", "kind: api_errors, where: {region: us-east-1, service: kms}"},
		{"sign-in refused", "kind: region_outage, where: {region: us-east-1, service: signin}, mode: refuse"}, // as a killed process does
	}
	var all []variant
	for _, m := range modes {
		for _, shaped := range []bool{false, true} {
			all = append(all, variant{name: m.name, fault: m.fault, shaped: shaped},
				variant{name: m.name + " steering", fault: m.fault, steer: 300 * time.Millisecond, shaped: shaped})
		}
	}
	return append(all, variant{name: "blackhole steering far", fault: modes[0].fault, steer: 300 * time.Millisecond, far: true})
}

const (
	calibrationEvery  = 50 * time.Millisecond
	calibrationWarmUp = 600 * time.Millisecond
	calibrationAt     = 400 * time.Millisecond
	calibrationLimit  = 900 * time.Millisecond
	jitter            = 2 * time.Millisecond // of each link, one way
)

// lasts is how long the fault is in force: drawn, but so that people who steer are back before, or just not.
func (v variant) lasts(rng *rand.Rand) time.Duration {
	if v.far {
		return 340*time.Millisecond + time.Duration(rng.Int64N(int64(60*time.Millisecond)))
	}
	return 900*time.Millisecond + time.Duration(rng.Int64N(int64(300*time.Millisecond)))
}

func (v variant) scenario(lasts time.Duration) string {
	steer, rtt := "{by: none}", "6ms"
	if v.steer > 0 {
		steer = fmt.Sprintf("{by: bookmark, to: eu-west-1, after: %v}", v.steer)
	}
	if v.far {
		rtt = "30ms"
	}
	return fmt.Sprintf(`
schema: regiondrill.scenario/v1
name: calibration
system: {primary: us-east-1, additional: [eu-west-1], idp: {acs: [us-east-1, eu-west-1], bookmarks: [eu-west-1]}}
vantages:
  here: {rtt: {us-east-1: 2ms, eu-west-1: %s, idp: 3ms}}
warm_up: %v
settle: 900ms
probes:
  - {name: staff, kind: saml_login, from: here, home: us-east-1, every: %v, limit: %v, steer: %s}
faults:
  - {name: dark, %s, at: %v, for: %v}
checks:
  - {kind: recovery, probe: staff, fault: dark, within: 40ms, sustained: {for: 200ms, ratio: 0.99}}
`, rtt, calibrationWarmUp, calibrationEvery, calibrationLimit, steer, v.fault, calibrationAt, lasts)
}

// outcome is one drill beside its truth, in time since the onset.
type outcome struct {
	h       *history.History
	r       *verdict.Recovery
	truth   history.Instant
	onset   history.Instant
	believe bool
}

// calibrate runs one drill in virtual time, in whose system people that far apart sign in too where the earliest can be:
// at the onset, and about the healing. They are nobody's probe; they give the truth.
func (v variant) calibrate(t *testing.T, apart, phase, lasts time.Duration, seed uint64) *outcome {
	t.Helper()
	plan := compiled(t, v.scenario(lasts), seed)
	plan.Record.Probes[0].Offset = history.At(phase)
	dense := &crowd{apart: apart, best: time.Duration(1 << 62)}
	standing := func(sys *harness.System) {
		v.shape(t, sys)
		onset := time.Now().Add(calibrationWarmUp + calibrationAt)
		dense.signIn(t, sys, v, onset, lasts)
	}
	h := &history.History{}
	if err := plan.Run(t.Context(), engine.RunOptions{Sink: (*memory)(h), Standing: standing}); err != nil {
		t.Fatal(err)
	}
	dense.all.Wait()
	m := conclude(t, h)
	o := &outcome{h: h, r: m.Recovery("staff", "dark"), onset: history.At(calibrationAt), truth: history.At(dense.best)}
	for i := range h.Attempts {
		if a := &h.Attempts[i]; a.Outcome == history.Good && a.Due >= o.onset {
			o.truth = min(o.truth, a.Ended-o.onset)
		}
	}
	o.believe = m.Validity.Grade == verdict.Pass && len(o.r.Doubts) == 0 && o.r.RecoveryTimeActual != nil && o.r.RecoveryTimeActual.Upper != nil
	if !o.believe {
		t.Errorf("phase %v, %v long: ended by %q, %v, %v, %v", phase, lasts, o.r.EndedBy, o.r.RecoveryTimeActual, o.r.Doubts, m.Validity.Notes)
	}
	return o
}

func compiled(tb testing.TB, text string, seed uint64) *engine.Plan {
	tb.Helper()
	c := catalog.Default()
	_, plan, err := c.Read(strings.NewReader(text), "calibration.yaml", nil, engine.Options{Target: c.Targets[0], Seed: &seed})
	if err != nil {
		tb.Fatal(err)
	}
	return plan
}

// shape gives the links of the place where people sit jitter and a bandwidth, for as long as the system stands.
func (v variant) shape(t *testing.T, sys *harness.System) {
	if !v.shaped {
		return
	}
	rule := harness.Rule{Name: "calibration",
		Effect: harness.Effect{Traffic: harness.Traffic{Jitter: jitter, Bandwidth: 4 << 20}}}
	for _, other := range []string{"us-east-1", "eu-west-1", "idp"} {
		rule.Edges = append(rule.Edges, harness.Edge{From: "here", To: other}, harness.Edge{From: other, To: "here"})
	}
	if _, err := sys.Network.Lay(t.Context(), rule); err != nil {
		t.Error(err)
	}
}

// crowd is people so close to each other that the earliest of them tells the truth.
type crowd struct {
	apart time.Duration
	all   sync.WaitGroup
	mu    sync.Mutex
	best  time.Duration // the earliest end of anybody's good sign-in, since the onset
}

func (c *crowd) signIn(t *testing.T, sys *harness.System, v variant, onset time.Time, lasts time.Duration) {
	by := harness.BookmarkSteer{By: "none"}
	if v.steer > 0 {
		by = harness.BookmarkSteer{By: "bookmark", To: "eu-west-1", After: v.steer}
	}
	p := probes.NewSAMLLogin().(*probes.SAMLLogin)
	p.Steer = by
	if err := p.Open(t.Context(), sys.World); err != nil {
		t.Error(err)
		return
	}
	one := func(since time.Duration) {
		c.all.Go(func() {
			due := onset.Add(since)
			time.Sleep(time.Until(due))
			a := &harness.Attempt{Due: due, Home: "us-east-1", From: sys.Place("here"), Person: sys.People[int(since/time.Millisecond)%len(sys.People)]}
			ctx, cancel := context.WithDeadline(t.Context(), due.Add(calibrationLimit))
			defer cancel()
			if err := p.Try(ctx, a); err != nil || a.Outcome != history.Good {
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.best = min(c.best, time.Since(onset))
		})
	}
	var spans [][2]time.Duration
	if v.steer > 0 {
		spans = append(spans, [2]time.Duration{0, 40 * time.Millisecond})
	}
	if v.steer == 0 || v.far {
		spans = append(spans, [2]time.Duration{lasts - 90*time.Millisecond, lasts + 15*time.Millisecond})
	}
	for _, span := range spans {
		for since := span[0]; since < span[1]; since += c.apart {
			one(since)
		}
	}
}

// phases are where the first attempt falls after the onset: one stratum a drill, the instants just after and just
// before an attempt among them.
func phases(n int, rng *rand.Rand) []time.Duration {
	all := []time.Duration{time.Millisecond, calibrationEvery - time.Millisecond}[:min(n, 2)]
	for i := range n - len(all) {
		width := calibrationEvery / time.Duration(n-2)
		all = append(all, time.Duration(i)*width+time.Duration(rng.Int64N(int64(width))))
	}
	return all
}

// TestCalibration holds intervals against the truth, in virtual time: of a hundred drills of each variant at least 99
// hold it, and none is wider than two periods and what sign-ins differ by. REGIONDRILL_OUTAGES says how many of each;
// without it one of each is a sample, beside fewer people.
// The test is held against mutants of the measurement: each of them must fail it.
func TestCalibration(t *testing.T) {
	drills, apart := 1, 3*time.Millisecond // in a sample the truth may be told so much late
	if n, err := strconv.Atoi(os.Getenv("REGIONDRILL_OUTAGES")); err == nil {
		drills, apart = n, time.Millisecond
	}
	missed, all := make([]atomic.Int64, len(mutants())), 0
	t.Run("variants", func(t *testing.T) { // which run side by side
		for k, v := range variants() {
			if drills == 1 && v.shaped && k > 4*2 { // a sample of the links' shapes is enough where there is little time
				continue
			}
			all += drills
			name := v.name
			if v.shaped {
				name += ", jitter and bandwidth"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(uint64(k), 2))
				instants := phases(drills, rng)
				if drills == 1 {
					instants = []time.Duration{[]time.Duration{time.Millisecond, calibrationEvery - time.Millisecond, calibrationEvery / 3}[k%3]}
				}
				v.hold(t, apart, instants, rng, missed)
			})
		}
	})
	for i, m := range mutants() {
		t.Logf("%s: %d of %d drills missed", m.name, missed[i].Load(), all)
		if int(missed[i].Load())*100 <= all {
			t.Errorf("the test can't tell a measurement that is wrong in this way: %s", m.name)
		}
	}
}

// hold runs a drill at each of the instants, and counts how many intervals of each mutant miss the truth.
func (v variant) hold(t *testing.T, apart time.Duration, instants []time.Duration, rng *rand.Rand, missed []atomic.Int64) {
	held, drills, widest := 0, len(instants), 0.0
	for _, phase := range instants {
		synctest.Test(t, func(t *testing.T) {
			o := v.calibrate(t, apart, phase, v.lasts(rng), rng.Uint64())
			if !o.believe {
				return
			}
			i := *o.r.RecoveryTimeActual
			widest = max(widest, float64(*i.Upper-i.Lower)/calibrationEvery.Seconds())
			if o.holds(i) {
				held++
			} else {
				t.Logf("phase %v: %v to %v, the truth is %s", phase, i.Lower, *i.Upper, o.truth)
			}
			for m, mutate := range mutants() {
				if !o.holds(mutate.of(o)) {
					missed[m].Add(1)
				}
			}
		})
	}
	t.Logf("%d of %d intervals hold the truth, at most %.2f periods wide", held, drills, widest)
	if held*100 < drills*99 {
		t.Errorf("%d of %d intervals hold the truth", held, drills)
	}
	// of those who go to a Region that is far only few do, so nothing is known of how fast they can be
	if most := 2.0 + 60*jitter.Seconds()/calibrationEvery.Seconds(); widest > most && !v.far {
		t.Errorf("an interval is %.2f periods wide", widest)
	}
}

func (o *outcome) holds(i verdict.Interval) bool {
	return history.Seconds(float64(i.Lower)) <= o.truth && o.truth <= history.Seconds(float64(*i.Upper))
}

// mutant is a measurement that is wrong in one way.
type mutant struct {
	name string
	of   func(*outcome) verdict.Interval
}

func mutants() []mutant {
	moved := func(i verdict.Interval, lower, upper history.Instant) verdict.Interval {
		u := *i.Upper + verdict.Seconds(upper.Seconds())
		return verdict.Interval{Lower: i.Lower + verdict.Seconds(lower.Seconds()), Upper: &u}
	}
	late := history.At(10 * time.Millisecond)
	return []mutant{
		{"half the gap", func(o *outcome) verdict.Interval {
			_, gap := o.first(func(a, b *history.Attempt) bool { return a.Ended < b.Ended })
			return moved(*o.r.RecoveryTimeActual, gap/2, 0)
		}},
		{"5 ms too much", func(o *outcome) verdict.Interval {
			return moved(*o.r.RecoveryTimeActual, history.At(5*time.Millisecond), history.At(5*time.Millisecond))
		}},
		{"the first by due", func(o *outcome) verdict.Interval {
			a, gap := o.first(func(a, b *history.Attempt) bool { return a.Due < b.Due })
			upper := verdict.Seconds((a.Ended - o.onset).Seconds())
			return verdict.Interval{Lower: upper - verdict.Seconds(gap.Seconds()), Upper: &upper}
		}},
		{"effective stamped late", func(o *outcome) verdict.Interval { return moved(*o.r.RecoveryTimeActual, -late, -late) }},
	}
}

// first is the good sign-in due since the onset that comes before all others, and the gap in which nobody came before
// it.
func (o *outcome) first(before func(a, b *history.Attempt) bool) (first *history.Attempt, gap history.Instant) {
	for i := range o.h.Attempts {
		if a := &o.h.Attempts[i]; a.Outcome == history.Good && a.Due >= o.onset && (first == nil || before(a, first)) {
			first = a
		}
	}
	previous := o.onset
	for i := range o.h.Attempts {
		if a := &o.h.Attempts[i]; a.Due < first.Due {
			previous = max(previous, a.Due)
		}
	}
	return first, first.Due - previous
}
