package fabric

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// looksAt verifies a rule and checks that it takes no time, however slow the links are, and leaves nothing behind.
func looksAt(t *testing.T, f *Fabric, l harness.Laid, what string, gone bool) (said string) {
	t.Helper()
	synctest.Wait() // for the canaries that prove
	before, began := standing(f), time.Now()
	seen, err := l.Verify(t.Context())
	if err != nil || len(seen) == 0 {
		t.Fatalf("%s: %v, %v", what, seen, err)
	}
	if took := time.Since(began); took != 0 { // in a bubble
		t.Errorf("%s: it took %v", what, took)
	}
	if after := standing(f); after != before {
		t.Errorf("%s: %d connections stood before, and %d after", what, before, after)
	}
	for _, s := range seen {
		if (s.Gone != "") != gone || !s.At.Equal(began) {
			t.Errorf("%s on %s: %q at %v", what, s.Edge, s.Gone, s.At.Sub(began))
		}
		said = s.Gone
	}
	return said
}

func standing(f *Fabric) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, l := range f.lanes {
		n += len(l.standing())
	}
	return n
}

// TestVerify looks at rules of each kind: in force, undone where only the links know, and lifted.
func TestVerify(t *testing.T) {
	for _, m := range modes {
		t.Run(kind(m.rule), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t)
				m.rule.Edges = both
				l := lay(t, f, m.rule)
				_, _ = l.Prove(t.Context(), true)
				for range 3 {
					time.Sleep(time.Second)
					looksAt(t, f, l, "in force", false)
				}
				f.mu.Lock()
				for k, lane := range f.lanes {
					lane.set(shape{latency: f.base[harness.Edge{From: k.from, To: k.to}]}, false)
					lane.setRules(nil)
				}
				f.mu.Unlock()
				if said := looksAt(t, f, l, "healed behind its back", true); said == goneLifted {
					t.Errorf("it says %q of a rule that is laid", said)
				}
				l.Lift()
				_, _ = l.Prove(t.Context(), false)
				if said := looksAt(t, f, l, "lifted", true); said != goneLifted {
					t.Errorf("it says %q", said)
				}
			})
		})
	}
}

// TestVerifyIsNotFooled looks at every rule among every other: while it is laid it is seen, whatever hides it, and when
// it is lifted it isn't, whatever resembles it.
func TestVerifyIsNotFooled(t *testing.T) {
	others := append(rules(), harness.Rule{Effect: slows(harness.Traffic{Jitter: time.Second})},
		harness.Rule{Effect: slows(harness.Traffic{Latency: time.Minute, Jitter: time.Second})})
	for _, mine := range rules() {
		for _, other := range others {
			synctest.Test(t, func(t *testing.T) {
				f := start(t)
				what := kind(mine) + " and " + kind(other)
				mine.Edges, other.Edges = both, both
				before := lay(t, f, other)
				l := lay(t, f, mine)
				after := lay(t, f, other)
				looksAt(t, f, l, what, false)
				looksAt(t, f, before, what+", the other", false)
				time.Sleep(time.Second)
				after.Lift()
				looksAt(t, f, l, what+" that was lifted once", false)
				looksAt(t, f, before, what+" whose like was lifted", false)
				l.Lift()
				looksAt(t, f, l, "lifted "+what, true)
				looksAt(t, f, before, what+" when the first was lifted", false)
			})
		}
	}
}

func rules() []harness.Rule {
	var all []harness.Rule
	for _, m := range modes {
		all = append(all, m.rule)
	}
	return all
}

// TestVerifyAfterALease: a rule that lifted itself is not in force.
func TestVerifyAfterALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		l := lay(t, f, harness.Rule{Edges: both, Lease: time.Minute, Effect: holds})
		time.Sleep(time.Minute)
		synctest.Wait()
		looksAt(t, f, l, "expired", true)
	})
}

func TestVerifyThatCantTell(t *testing.T) {
	f := start(t)
	link := lay(t, f, harness.Rule{Edges: both, Effect: refuses})
	apis := newAPIs(t)
	calls := layCalls(t, apis, onCalls(harness.Calls{}, harness.Answer{Fail: true}))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, l := range []harness.Laid{link, calls} {
		if seen, err := l.Verify(ended); len(seen) > 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("without time: %v, %v", seen, err)
		}
	}
	_, _ = f.Close(), apis.Close()
	for _, l := range []harness.Laid{link, calls} {
		if seen, err := l.Verify(t.Context()); len(seen) > 0 || !errors.Is(err, ErrClosed) {
			t.Errorf("when it is closed: %v, %v", seen, err)
		}
	}
}

// TestVerifyCalls looks at rules on calls, whatever their odds and latency, behind other rules, and over dead links.
func TestVerifyCalls(t *testing.T) {
	for name, rule := range map[string]harness.Rule{
		"errors":   onCalls(harness.Calls{Service: "kms", Operation: "Decrypt"}, harness.Answer{Fail: true}),
		"throttle": onCalls(harness.Calls{}, harness.Answer{Throttle: true}),
		"latency":  onCalls(harness.Calls{}, harness.Answer{Latency: 5 * time.Minute}),
		"rare":     onCalls(harness.Calls{}, harness.Answer{Fail: true, Odds: 0.001}),
		"rarely slow": onCalls(harness.Calls{Region: "eu-west-1", Service: "portal_api", From: "eu-west-1"},
			harness.Answer{Odds: 0.001, Latency: time.Minute}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newAPIs(t)
				l := layCalls(t, f, rule)
				for range 10 {
					looksAt(t, f, l, "in force", false)
				}
				lay(t, f, harness.Rule{Edges: inRegion, Effect: holds})
				looksAt(t, f, l, "over a dead link", false)
				second := layCalls(t, f, rule)
				looksAt(t, f, second, "behind its like", false)
				l.Lift()
				looksAt(t, f, l, "lifted, with its like in force", true)
				looksAt(t, f, second, "its like", false)
				for _, lane := range f.lanes {
					lane.setRules(nil)
				}
				looksAt(t, f, second, "healed behind its back", true)
			})
		})
	}
}

// TestTheChaosAPILeavesOthersRules: it deletes what it was told, not what a scenario laid.
func TestTheChaosAPILeavesOthersRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAPIs(t)
		l := layCalls(t, f, onCalls(harness.Calls{Service: "kms", Region: "eu-west-1"}, harness.Answer{Fail: true}))
		chaos := f.Chaos()
		const same = `[{"service": "kms", "region": "eu-west-1"}]`
		for _, c := range []struct{ method, says string }{
			{http.MethodPatch, same}, {http.MethodDelete, same}, {http.MethodPost, "[]"},
		} {
			w := httptest.NewRecorder()
			chaos.ServeHTTP(w, httptest.NewRequest(c.method, "/_localstack/chaos/faults", strings.NewReader(c.says)))
			if w.Code != http.StatusOK {
				t.Fatalf("%s %s: %d %s", c.method, c.says, w.Code, w.Body)
			}
			looksAt(t, f, l, "after "+c.method, false)
		}
	})
}
