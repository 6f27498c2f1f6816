package fabric

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

func TestRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		f.SetRTT(vantage, away, 0)
		trip := func(to string, limit time.Duration) (time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			return f.RoundTrip(ctx, vantage, to)
		}
		want := func(to string, want time.Duration) {
			t.Helper()
			if took, err := trip(to, time.Second); err != nil || took != want {
				t.Errorf("to %s it took %v, %v; want %v", to, took, err, want)
			}
		}
		want(home, 8*time.Millisecond)
		want(away, 0)
		way := []harness.Edge{{From: vantage, To: home}}
		slow := lay(t, f, harness.Rule{Edges: way, Effect: slows(harness.Traffic{Latency: 3 * time.Millisecond})})
		want(home, 11*time.Millisecond)
		slow.Lift()
		cut := lay(t, f, harness.Rule{Edges: way, Effect: refuses})
		if _, err := trip(home, time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("where dials are refused: %v", err)
		}
		cut.Lift()
		if _, err := trip("nowhere", time.Second); err == nil {
			t.Error("a place that isn't there was reached")
		}
	})
}

// What a hole held of a look is gone when the look is over.
func TestRoundTripLeavesNothingInAHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		hole := lay(t, f, harness.Rule{Edges: []harness.Edge{{From: home, To: vantage}}, Effect: holds})
		there, _ := f.lanesOf(vantage, home, canaryHost(home))
		rules := len(there.standing()) // the rule's own canary
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.RoundTrip(ctx, vantage, home); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("in a hole: %v", err)
		}
		if took, err := f.RoundTrip(t.Context(), vantage, away); err != nil || took != 76*time.Millisecond {
			t.Errorf("past the hole it took %v, %v", took, err)
		}
		if n := len(there.standing()); n != rules {
			t.Errorf("%d pipes are on the link, and were %d", n, rules)
		}
		hole.Lift()
		if took, err := f.RoundTrip(t.Context(), vantage, home); err != nil || took != 8*time.Millisecond {
			t.Errorf("when it was lifted it took %v, %v", took, err)
		}
	})
}

func TestRoundTripEndsWithTheFabric(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := bare(t)
		f.SetRTT(vantage, home, time.Hour)
		done := make(chan error)
		go func() {
			_, err := f.RoundTrip(context.Background(), vantage, home)
			done <- err
		}()
		synctest.Wait()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err == nil {
			t.Error("it came back from a fabric that is closed")
		}
		if _, err := f.RoundTrip(context.Background(), vantage, home); !errors.Is(err, ErrClosed) {
			t.Errorf("of a closed fabric: %v", err)
		}
	})
}
