package fabric

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// unlifted keeps a rule's timer from firing, as it doesn't while the process stands still, until its lease is over.
func unlifted(l harness.Laid) {
	l.(*laid).lease.Stop()
	time.Sleep(l.(*laid).rule.Lease)
}

// TestAnOverdueRuleTouchesNoByte: what sets out after a lease passes as if its rule were gone, although nobody has
// lifted it yet: on a connection that stood, and on a new one.
func TestAnOverdueRuleTouchesNoByte(t *testing.T) {
	for name, effect := range map[string]harness.Effect{
		"holds": holds, "loses": loses, "refuses": refuses, "resets": resets,
		"slow": {Traffic: harness.Traffic{Latency: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t)
				// before any rule
				stood := between(f.lanesOf(vantage, home, canaryHost(home)))
				stood.established.Store(true)
				lasting := lay(t, f, harness.Rule{Name: "lasting", Edges: both, Lease: time.Hour,
					Effect: harness.Effect{Traffic: harness.Traffic{Latency: time.Millisecond}}})
				defer lasting.Lift()
				l := lay(t, f, harness.Rule{Edges: both, Lease: time.Minute, Effect: effect})
				unlifted(l)
				for what, p := range map[string]*pipe{
					"one that stood": stood, "a new one": between(f.lanesOf(vantage, home, canaryHost(home))),
				} {
					if what == "one that stood" && effect.Cut {
						continue
					}
					began := time.Now()
					if _, err := p.caller.Write(token); err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					_ = p.callee.SetReadDeadline(began.Add(2 * time.Hour))
					if _, err := p.callee.Read(make([]byte, 1)); err != nil {
						t.Errorf("%s: %v", what, err)
					}
					if took := time.Since(began); took != 5*time.Millisecond { // the link, and the rule that isn't overdue
						t.Errorf("%s: it took %v", what, took)
					}
					p.fail(ErrClosed)
				}
				if err := shake(between(f.lanesOf(vantage, home, canaryHost(home))), edgePort); errors.Is(err, syscall.ECONNREFUSED) {
					t.Error("it refuses a dial")
				}
				if _, _, expired := l.Truth(); !expired {
					t.Error("it is not said to have expired")
				}
			})
		})
	}
}

// TestAnOverdueRuleAnswersNoCall: the same of what is decided beyond the links.
func TestAnOverdueRuleAnswersNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAPIs(t)
		defer f.Close()
		l := layCalls(t, f, harness.Rule{Calls: &harness.Calls{}, Effect: answering(harness.Answer{Fail: true}),
			Lease: time.Second})
		proven(t, l, true)
		acting := func() (n int) {
			for _, lane := range f.lanes {
				n += len(lane.rulesNow())
			}
			return n
		}
		if acting() == 0 {
			t.Fatal("it acts nowhere")
		}
		unlifted(l)
		if n := acting(); n > 0 {
			t.Errorf("it acts on %d lanes still", n)
		}
		if _, _, expired := l.Truth(); !expired {
			t.Error("it is not said to have expired")
		}
		proven(t, l, false)
	})
}
