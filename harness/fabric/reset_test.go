package fabric

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// some resets a share of the connections.
func some(odds float64) harness.Effect {
	return harness.Effect{Traffic: harness.Traffic{Reset: true, ResetOdds: odds}}
}

// TestSomeConnectionsAreReset: the share is that which was asked for, the same ones for the same seed, and none once the
// rule is lifted. It is proven whatever becomes of others, also where two rules draw.
func TestSomeConnectionsAreReset(t *testing.T) {
	run := func(odds ...float64) (hit []bool) {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			var laid []harness.Laid
			for i, o := range odds {
				l := lay(t, f, harness.Rule{Name: string(rune('a' + i)), Edges: both, Effect: some(o)})
				if _, err := l.Prove(t.Context(), true); err != nil {
					t.Error(err)
				}
				laid = append(laid, l)
			}
			for range 400 {
				_, _, err := get(client(t, f, false), "https://"+app+"/", time.Minute)
				if err != nil && !errors.Is(err, syscall.ECONNRESET) {
					t.Error(err)
				}
				hit = append(hit, err != nil)
			}
			for _, l := range laid {
				if seen, err := l.Verify(t.Context()); err != nil || len(seen) == 0 || seen[0].Gone != "" {
					t.Errorf("in force: %+v, %v", seen, err)
				}
				l.Lift()
				if _, err := l.Prove(t.Context(), false); err != nil {
					t.Error(err)
				}
			}
			for range 20 {
				if _, _, err := get(client(t, f, false), "https://"+app+"/", time.Minute); err != nil {
					t.Errorf("after it was lifted: %v", err)
				}
			}
		})
		return hit
	}
	share := func(hit []bool) (n int) {
		for _, h := range hit {
			if h {
				n++
			}
		}
		return n
	}
	first := run(0.25)
	if n := share(first); n < 70 || n > 130 {
		t.Errorf("%d of 400 were reset, where a quarter should be", n)
	}
	if !slices.Equal(first, run(0.25)) {
		t.Error("the same seed resets others")
	}
	if n := share(run(0.5, 0.5)); n < 260 || n > 340 {
		t.Errorf("%d of 400 were reset by either of two, where three quarters should be", n)
	}
}

// TestOddsOfResetsAreChecked: what is no share is refused.
func TestOddsOfResetsAreChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		for _, odds := range []float64{-0.1, 1.1} {
			if _, err := f.Lay(t.Context(), harness.Rule{Name: "x", Edges: both, Effect: some(odds)}); err == nil {
				t.Errorf("%v is taken for a share", odds)
			}
		}
	})
}
