package lab_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/faults"
	"github.com/regiondrill/regiondrill/harness/heartbeat"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/targets"
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
