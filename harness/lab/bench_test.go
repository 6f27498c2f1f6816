package lab_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/faults"
	"github.com/regiondrill/regiondrill/harness/heartbeat"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/targets"
	"github.com/regiondrill/regiondrill/harness/verdict"
	"github.com/regiondrill/regiondrill/probes"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// BenchmarkLabUp is a lab from nothing to the first good protocol login.
func BenchmarkLabUp(b *testing.B) {
	for b.Loop() {
		back := &rollback.Stack{}
		l, err := lab.Start(b.Context(), topology(), back)
		if err != nil {
			b.Fatal(err)
		}
		signIn(b, l, open(b, l, "fresh"), 0)
		if err := back.Unwind(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLogin is protocol logins on all cores, a fresh session each, on connections that are kept or made anew.
func BenchmarkLogin(b *testing.B) {
	for _, connections := range []string{"kept", "fresh"} {
		b.Run(connections, func(b *testing.B) {
			back := &rollback.Stack{}
			l, err := lab.Start(b.Context(), topology(), back)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = back.Unwind(context.Background()) }()
			p := open(b, l, connections)
			b.SetParallelism(4)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for k := rand.Int64N(1000); pb.Next(); k++ {
					signIn(b, l, p, k)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
		})
	}
}

func open(tb testing.TB, l *lab.Lab, connections string) harness.Probe {
	tb.Helper()
	p := probes.NewSAMLLogin().(*probes.SAMLLogin)
	p.Connections = connections
	if err := p.Open(tb.Context(), l.System.World); err != nil {
		tb.Fatal(err)
	}
	return p
}

func signIn(tb testing.TB, l *lab.Lab, p harness.Probe, k int64) {
	a := &harness.Attempt{Due: time.Now(), Home: "us-east-1", From: l.System.Place("new-york"), Person: l.System.People[k%int64(len(l.System.People))]}
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	if err := p.Try(ctx, a); err != nil || a.Outcome != history.Good {
		tb.Errorf("%s %s %s %v", a.Outcome, a.Class, a.Detail, err)
	}
}

// modes are the outages of which a calibration in real time has a hundred each, over unshaped links, with nobody
// steering.
func modes() []string {
	return []string{"blackhole", "blackhole, hold: false", "refuse", "reset", "http_503"}
}

const calibrated = `
schema: regiondrill.scenario/v1
name: calibration
system: {primary: us-east-1}
vantages:
  here: {rtt: {us-east-1: 0s}}
warm_up: 500ms
settle: 550ms
probes:
  - {name: staff, kind: saml_login, from: here, home: us-east-1, every: 80ms, limit: 200ms}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 400ms, for: %dms, mode: %s}
checks:
  - {kind: recovery, probe: staff, fault: dark, within: 10ms, sustained: {for: 240ms, ratio: 0.5}}
`

// BenchmarkCalibration holds what is measured against what the fabric itself logged: of a hundred outages (or
// REGIONDRILL_OUTAGES), how many intervals hold the truth, which lies between the outage's length and that and the
// slowest sign-in of the warm-up; how many miss it, of how many nothing is said; and how wide they are, in periods.
// With REGIONDRILL_BUSY so many loops keep this machine busy meanwhile.
func BenchmarkCalibration(b *testing.B) {
	each, loops := 100, 0
	if n, err := strconv.Atoi(os.Getenv("REGIONDRILL_OUTAGES")); err == nil {
		each = n
	}
	if n, err := strconv.Atoi(os.Getenv("REGIONDRILL_BUSY")); err == nil {
		loops = n
	}
	defer busy(b, loops)()
	for _, mode := range modes() {
		b.Run(strings.ReplaceAll(mode, ", hold: false", "_lost"), func(b *testing.B) {
			for b.Loop() {
				held, missed, widths := 0, 0, []float64{}
				for _, o := range outages(b, mode, each) {
					switch {
					case !o.told:
						b.Log("nothing is said: ", o.err)
						continue
					case o.err != nil:
						b.Log(o.err)
						missed++
					default:
						held++
					}
					widths = append(widths, o.periods)
				}
				slices.Sort(widths)
				b.ReportMetric(float64(held), "held")
				b.ReportMetric(float64(missed), "missed")
				b.ReportMetric(float64(each-held-missed), "unknown")
				if n := len(widths); n > 0 {
					b.ReportMetric(widths[n/2], "median_periods")
					b.ReportMetric(widths[n-1], "widest_periods")
				}
			}
		})
	}
}

// busy keeps so many cores of this machine busy, in processes of their own, until it is told to stop.
func busy(tb testing.TB, loops int) (stop func()) {
	var all []*exec.Cmd
	for range loops {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			tb.Fatal(err)
		}
		all = append(all, cmd)
	}
	return func() {
		for _, cmd := range all {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
}

type outage struct {
	periods float64
	told    bool
	err     error
}

// outages are so many, one after the other.
func outages(b *testing.B, mode string, n int) []outage {
	done := make([]outage, n)
	for i := range done {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		done[i] = calibrate(b, mode, 400+rng.IntN(300), rng.Uint64())
	}
	return done
}

// slipping is fifty protocol attempts a second and a browser's every three.
const slipping = `
schema: regiondrill.scenario/v1
name: slip
system: {primary: us-east-1}
vantages:
  here: {rtt: {us-east-1: 8ms, idp: 20ms}}
warm_up: 3s
settle: 27s
probes:
  - {name: staff, kind: saml_login, from: here, home: us-east-1, every: 20ms, limit: 2s}
  - {name: chrome, kind: browser_login, from: here, home: us-east-1, every: 3s, limit: 9s}
`

// BenchmarkScheduleSlip is how late attempts begin, at the 99th percentile.
func BenchmarkScheduleSlip(b *testing.B) {
	if _, err := browser.Find(os.Getenv); err != nil {
		b.Skipf("without a browser: %v", err)
	}
	for b.Loop() {
		h := drill(b, slipping)
		for probe, slip := range measure.Measure(h).Validity.ScheduleSlipP99 {
			b.ReportMetric(float64(slip)*1000, probe+"_p99_ms")
		}
	}
}

func drill(b *testing.B, text string) *history.History {
	b.Helper()
	s, err := scenario.Read(strings.NewReader(text), "bench.yaml")
	if err != nil {
		b.Fatal(err)
	}
	plan, err := engine.Compile(s, engine.Catalog{Probes: probes.Table(), Faults: faults.Table()}, engine.Options{Target: targets.Table()[0]})
	if err != nil {
		b.Fatal(err)
	}
	h := &history.History{}
	if err := plan.Run(b.Context(), engine.RunOptions{Sink: (*memory)(h), Heartbeat: heartbeat.Start}); err != nil {
		b.Fatal(err)
	}
	return h
}

// calibrate is one outage of so many milliseconds.
func calibrate(b *testing.B, mode string, lasts int, seed uint64) outage {
	s, err := scenario.Read(strings.NewReader(fmt.Sprintf(calibrated, lasts, mode)), "calibration.yaml")
	if err != nil {
		b.Fatal(err)
	}
	c := catalog.Default()
	log := &logged{}
	plan, err := c.Compile(s, engine.Options{Target: log.around(c.Targets[0]), Seed: &seed})
	if err != nil {
		b.Fatal(err)
	}
	h := &history.History{}
	if err := plan.Run(b.Context(), engine.RunOptions{Sink: (*memory)(h), Heartbeat: heartbeat.Start}); err != nil {
		b.Fatal(err)
	}
	v, err := analysis.Conclude(h, checks.Table())
	if err != nil {
		b.Fatal(err)
	}
	r := v.Recovery("staff", "dark")
	actual := r.RecoveryTimeActual
	if actual == nil || actual.Upper == nil || len(r.Doubts) > 0 || v.Validity.Grade != verdict.Pass {
		return outage{err: fmt.Errorf("%s of %d ms: %v, %v", mode, lasts, r.Doubts, v.Validity.Notes)}
	}
	laid, lifted, _ := log.laid.Truth()
	truth, slowest := lifted.Sub(laid).Seconds(), 0.0
	for _, a := range h.Attempts {
		if a.Ended < 0 {
			slowest = max(slowest, (a.Ended - a.Due).Seconds())
		}
	}
	lower, upper := float64(actual.Lower), float64(*actual.Upper)
	o := outage{told: true, periods: (upper - lower) / 0.080}
	if lower > truth+slowest || upper < truth {
		o.err = fmt.Errorf("%s: measured [%.6f, %.6f], the truth is [%.6f, %.6f]", mode, lower, upper, truth, truth+slowest)
	}
	return o
}

// logged is a target whose network keeps the last rule that was laid on it, for the network's own log.
type logged struct {
	harness.Target
	harness.Network
	laid harness.Laid
}

func (l *logged) around(kind harness.TargetKind) harness.TargetKind {
	l.Target = kind.New()
	kind.New = func() harness.Target { return l }
	return kind
}

// Provision provisions the target itself and stands between its network and the faults.
func (l *logged) Provision(ctx context.Context, t harness.Topology, back *rollback.Stack) (*harness.System, error) {
	sys, err := l.Target.Provision(ctx, t, back)
	if err == nil {
		l.Network, sys.Network = sys.Network, l
	}
	return sys, err
}

// Lay lays the rule on the target's network.
func (l *logged) Lay(ctx context.Context, r harness.Rule) (harness.Laid, error) {
	var err error
	l.laid, err = l.Network.Lay(ctx, r)
	return l.laid, err
}

// memory is a history that never was a file.
type memory history.History

var memoryLock sync.Mutex

// Record keeps the event.
func (m *memory) Record(e history.Event) error {
	memoryLock.Lock()
	defer memoryLock.Unlock()
	switch e.Type {
	case history.TypePlan:
		m.Plan = *e.Plan
	case history.TypeAttempt:
		m.Attempts, m.SeqOf = append(m.Attempts, *e.Attempt), append(m.SeqOf, int64(len(m.SeqOf)))
	case history.TypeEnd:
		m.End, m.EndAt = e.End, e.At
	}
	m.Events = append(m.Events, e)
	return nil
}
