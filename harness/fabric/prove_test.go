package fabric

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// modes are one rule of each kind, and how long a canary takes to be sure of it on a link of 8 ms; the
// nearest place without faults is 76 ms away.
var modes = []struct {
	rule harness.Rule
	sure time.Duration
}{
	{harness.Rule{Effect: holds}, 76 * time.Millisecond},
	{harness.Rule{Effect: loses}, 76 * time.Millisecond},
	{harness.Rule{Hosts: []string{app}, Effect: holds}, 18 * time.Millisecond},
	{harness.Rule{Effect: refuses}, 8 * time.Millisecond},
	{harness.Rule{Effect: resets}, 12 * time.Millisecond},
	{harness.Rule{Effect: busy}, 24 * time.Millisecond},
	{harness.Rule{Effect: slows(harness.Traffic{Latency: 50 * time.Millisecond})}, 54 * time.Millisecond},
	{harness.Rule{Effect: slows(harness.Traffic{Latency: time.Millisecond, Jitter: time.Millisecond, Bandwidth: 1000})},
		8 * time.Millisecond},
}

func TestProofsTellTheInstantOfTheChange(t *testing.T) {
	for _, m := range modes {
		t.Run(kind(m.rule), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t)
				rule := m.rule
				rule.Edges = both
				time.Sleep(time.Second)
				l := lay(t, f, rule)
				asked := time.Now()
				proofs, err := l.Prove(t.Context(), true)
				began, _, _ := l.Truth()
				if took := time.Since(asked); err != nil || took > m.sure {
					t.Errorf("proven after %v, %v; want %v", took, err, m.sure)
				}
				all(t, proofs, began)
				time.Sleep(time.Minute)
				l.Lift()
				proofs, err = l.Prove(t.Context(), false)
				_, ended, expired := l.Truth()
				if err != nil || expired {
					t.Errorf("lifted: %v, expired %v", err, expired)
				}
				all(t, proofs, ended)
			})
		})
	}
}

// all checks that there is one proof an edge, at an instant.
func all(t *testing.T, proofs []harness.Proof, at time.Time) {
	t.Helper()
	if len(proofs) != 2 || proofs[0].Edge == proofs[1].Edge {
		t.Errorf("got %v, want one an edge", proofs)
	}
	for _, p := range proofs {
		if !p.At.Equal(at) {
			t.Errorf("%s is off by %v", p.Edge, p.At.Sub(at))
		}
	}
}

func TestARuleThatNeverActedIsNotProven(t *testing.T) {
	for _, m := range modes {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			rule := m.rule
			rule.Edges = both
			f.mu.Lock()
			l, err := f.prepare(rule)
			for _, e := range both {
				f.lane(laneKey{e.From, e.To, canaryHost(e.To)})
			}
			f.rules = append(f.rules, l) // but never applied to a lane that there is
			l.observe()
			f.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if proofs, err := l.Prove(ctx, true); err == nil {
				t.Errorf("%+v: got %v", rule, proofs)
			} else if !strings.HasPrefix(err.Error(), "proving ") {
				t.Errorf("%+v: got %v", rule, err)
			}
			if kind(rule) == "slow" {
				return
			}
			if _, err := l.Prove(ctx, false); err == nil {
				t.Errorf("%+v: proven lifted", rule)
			}
		})
	}
}

func TestARuleThatStaysIsNotProvenLifted(t *testing.T) {
	for _, m := range modes {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			rule := m.rule
			rule.Edges = both
			l := lay(t, f, rule).(*laid)
			_, _ = l.Prove(t.Context(), true)
			f.mu.Lock()
			f.rules, l.ended = nil, time.Now() // but no lane was told
			l.stop()
			l.observeLifted()
			f.mu.Unlock()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if proofs, err := l.Prove(ctx, false); err == nil && kind(rule) != "slow" {
				t.Errorf("%+v: got %v", rule, proofs)
			}
		})
	}
}

func TestALeaseEndsAndIsProven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		l := lay(t, f, harness.Rule{Edges: both, Lease: time.Minute, Effect: holds})
		began, _, _ := l.Truth()
		proofs, err := l.Prove(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		all(t, proofs, began.Add(time.Minute))
		if _, ended, expired := l.Truth(); !expired || !ended.Equal(began.Add(time.Minute)) {
			t.Errorf("ended %v after it began, expired %v", ended.Sub(began), expired)
		}
	})
}

func TestAHiddenEndIsProvenWhenItShows(t *testing.T) {
	for _, first := range modes {
		if len(first.rule.Hosts) > 0 {
			continue // its answers alone are not hidden by what cuts requests
		}
		for _, second := range []harness.Rule{{Effect: holds}, {Effect: loses}, {Effect: refuses}, {Effect: resets}} {
			synctest.Test(t, func(t *testing.T) {
				f := start(t)
				first.rule.Edges, second.Edges = both, both
				a := lay(t, f, first.rule)
				_, _ = a.Prove(t.Context(), true)
				b := lay(t, f, second)
				a.Lift()
				time.Sleep(10*time.Second + 123*time.Millisecond)
				b.Lift()
				proofs, err := a.Prove(t.Context(), false)
				if err != nil {
					t.Fatal(err)
				}
				_, ended, _ := b.Truth()
				if kind(first.rule) == "request" {
					_, ended, _ = a.Truth() // no link changes what is done at the edge
				}
				for _, p := range proofs {
					if off := p.At.Sub(ended); off < -3*8*time.Millisecond-slack || off > 3*8*time.Millisecond+grace {
						t.Errorf("%+v under %+v: off by %v", first.rule, second, off)
					}
				}
			})
		}
	}
}

// TestARuleBehindALosingHoleIsProvenAfterIt: until then whatever is sent to look for it is lost for good.
func TestARuleBehindALosingHoleIsProvenAfterIt(t *testing.T) {
	odds := harness.Effect{Traffic: harness.Traffic{Reset: true, ResetOdds: 0.5}}
	for _, effect := range []harness.Effect{slows(harness.Traffic{Latency: 50 * time.Millisecond}),
		slows(harness.Traffic{Bandwidth: 1000}), odds, {Traffic: harness.Traffic{Refuse: true}}} {
		for _, oneWay := range both {
			synctest.Test(t, func(t *testing.T) {
				f := start(t)
				hole := lay(t, f, harness.Rule{Name: "hole", Edges: []harness.Edge{oneWay}, Effect: loses})
				l := lay(t, f, harness.Rule{Name: "behind", Edges: both, Effect: effect})
				brief := lay(t, f, harness.Rule{Name: "brief", Edges: both, Effect: effect})
				time.Sleep(10*time.Second + 123*time.Millisecond)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if proofs, err := l.Prove(ctx, true); err == nil {
					t.Errorf("%+v: seen through the hole: %v", effect, proofs)
				}
				brief.Lift()
				hole.Lift()
				_, ended, _ := hole.Truth()
				proofs, err := l.Prove(t.Context(), true)
				if err != nil || len(proofs) != 2 {
					t.Fatalf("%+v: got %v, %v", effect, proofs, err)
				}
				began, _, _ := l.Truth()
				for _, p := range proofs {
					if p.At != began && (p.At.Before(ended) || p.At.Sub(ended) > 2*grace) {
						t.Errorf("%+v: proven %v after the hole", effect, p.At.Sub(ended))
					}
				}
				if _, err := brief.Prove(t.Context(), true); err == nil {
					t.Error("what was lifted behind the hole is proven")
				}
				l.Lift()
				if _, err := l.Prove(t.Context(), false); err != nil {
					t.Errorf("%+v: lifted: %v", effect, err)
				}
			})
		}
	}
}

func TestLiftingEarlyIsNoProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		l := lay(t, f, harness.Rule{Name: "brief", Edges: both[:1], Effect: holds})
		l.Lift()
		_, err := l.Prove(t.Context(), true)
		if want := "proving brief in force on new-york→us-east-1: it was lifted before"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if _, err := l.Prove(t.Context(), false); err != nil {
			t.Errorf("lifted: %v", err)
		}
	})
}

func TestProofsOfANarrowedCutAreOfTheWayIn(t *testing.T) {
	for _, effect := range []harness.Effect{refuses, resets, busy} {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			l := lay(t, f, harness.Rule{Edges: both, Hosts: []string{app, other}, Effect: effect})
			for _, inForce := range []bool{true, false} {
				proofs, err := l.Prove(t.Context(), inForce)
				if err != nil || len(proofs) != 1 || proofs[0].Edge != both[0] {
					t.Errorf("%+v, in force %v: got %v, %v", effect, inForce, proofs, err)
				}
				l.Lift()
			}
		})
	}
}

// TestHolesThatComeAtOnceAreProven: another fault may come upon the way of the answer by which silence is told from our
// own, while that is under way. Both are proven, and no later than it would have taken.
func TestHolesThatComeAtOnceAreProven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		near := lay(t, f, harness.Rule{Name: "near", Edges: both, Effect: holds})
		time.Sleep(time.Millisecond)
		far := lay(t, f, harness.Rule{Name: "far", Effect: loses,
			Edges: []harness.Edge{{From: vantage, To: away}, {From: away, To: vantage}, {From: home, To: away},
				{From: away, To: home}}})
		asked := time.Now()
		for _, l := range []harness.Laid{near, far} {
			if _, err := l.Prove(t.Context(), true); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(asked); took > 100*time.Millisecond {
			t.Errorf("proven after %v", took)
		}
	})
}
