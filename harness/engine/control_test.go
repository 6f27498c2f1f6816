package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// linkedTarget is a toy system with links: 8 ms to the one Region unless the switch is on, and 76 ms to the other.
type linkedTarget struct {
	toyTarget
	sw     *toySwitch
	flying *atomic.Int32
}

func (t linkedTarget) Provision(
	ctx context.Context, top harness.Topology, back *rollback.Stack,
) (*harness.System, error) {
	sys, err := t.toyTarget.Provision(ctx, top, back)
	for _, region := range top.Regions() {
		sys.Places = append(sys.Places, &harness.Place{Name: region, Region: true})
	}
	sys.RoundTrip = func(ctx context.Context, _, to *harness.Place) (time.Duration, error) {
		t.flying.Add(1)
		defer t.flying.Add(-1)
		took := 76 * time.Millisecond
		if to.Name == top.Primary {
			if took = 8 * time.Millisecond; t.sw.dark() {
				<-ctx.Done()
				return 0, ctx.Err()
			}
		}
		time.Sleep(took)
		return took, nil
	}
	return sys, err
}

func TestControls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		flying := &atomic.Int32{}
		w.put(linkedTarget{w.target, w.sw, flying})
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		home, away := history.Trip{Edge: "here→us-east-1", Took: 8000}, history.Trip{Edge: "here→eu-west-1", Took: 76_000}
		var looks []*history.Control
		for _, e := range w.sink.events {
			if e.Type == history.TypeControl {
				looks = append(looks, e.Control)
			}
		}
		if len(looks) != 17 { // from -2 s to the end of the settling at 15 s
			t.Errorf("%d looks", len(looks))
		}
		for i, c := range looks {
			want := []history.Trip{home, away}
			if c.Sent == history.Seconds(5) || c.Sent == history.Seconds(11) {
				continue // the very instant of a change
			}
			if c.Sent > history.Seconds(5) && c.Sent < history.Seconds(11) {
				want = want[1:]
			}
			if c.Sent != history.Seconds(float64(i-2)) || !slices.Equal(c.Trips, want) {
				t.Errorf("look %d was sent at %v: %v", i, c.Sent, c.Trips)
			}
		}
		if n := flying.Load(); n != 0 {
			t.Errorf("%d canaries are still on their way", n)
		}
	})
}

// What the machine lost is in the history, and nothing is told after the end.
func TestStallsAreWrittenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		stopped := false
		stall := history.Stall{Since: history.Seconds(-1), Until: history.Seconds(-0.9), Took: history.Seconds(0.1),
			By: history.StallHeartbeat}
		w.opts.Heartbeat = func(zero time.Time, tell func(history.Stall)) func() {
			if until := time.Until(zero); until != 2*time.Second {
				t.Errorf("it began %v before zero", until)
			}
			timer := time.AfterFunc(1150*time.Millisecond, func() { tell(stall) })
			return func() { stopped = true; timer.Stop() }
		}
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(w.sink.events, func(e history.Event) bool { return e.Type == history.TypeStall })
		if i < 0 || *w.sink.events[i].Stall != stall || w.sink.events[i].At != history.Seconds(-0.85) || !stopped {
			t.Errorf("event %d, stopped %v", i, stopped)
		}
	})
}

// A disk that stands still holds up nobody's sign-in.
func TestASlowSinkDelaysNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		if err := w.plan.Run(t.Context(), RunOptions{Sink: slow{w.sink}}); err != nil {
			t.Fatal(err)
		}
		if n := len(w.sink.attempts(history.Good)) + len(w.sink.attempts(history.Bad)); n != 17 {
			t.Errorf("%d attempts", n)
		}
		for _, o := range []history.Outcome{history.Good, history.Bad, history.Dropped} {
			for _, a := range w.sink.attempts(o) {
				if a.Began != a.Due {
					t.Errorf("attempt %d was due at %v and began at %v", a.Seq, a.Due, a.Began)
				}
			}
		}
		if end := w.sink.end(t); end.Reason != history.Completed {
			t.Errorf("it ended as %s: %s", end.Reason, end.Detail)
		}
	})
}

type slow struct{ *recorder }

func (s slow) Record(e history.Event) error {
	time.Sleep(3 * time.Second)
	return s.recorder.Record(e)
}
