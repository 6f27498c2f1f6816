package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// onARig is the toy target on something that may be lost.
type onARig struct {
	toyTarget
	ask func(ctx context.Context) error
}

func (t onARig) Provision(ctx context.Context, top harness.Topology, back *rollback.Stack) (*harness.System, error) {
	sys, err := t.toyTarget.Provision(ctx, top, back)
	if sys != nil {
		sys.Rig = []harness.RigPart{{Name: "the crane", Ask: t.ask}}
	}
	return sys, err
}

// What the system stands on is asked once a second, and a last time at the end. That it is gone is written down once,
// with when it was last seen; so is that it says nothing four times in a row, and nothing else is: a slow look, or
// silence that ends.
func TestRigIsWatched(t *testing.T) {
	silent := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	well, _ := onTheRig(t, func(context.Context, int) error { return nil })
	last := len(well)
	for what, c := range map[string]struct {
		from, till int // looks at which it isn't as it should be; till 0: for good
		how        func(ctx context.Context) error
		seen       int // the look at which it was last seen, 0: it wasn't lost
	}{
		"dies":                    {4, 0, func(context.Context) error { return errors.New("nobody is there") }, 3},
		"comes back":              {4, 5, func(context.Context) error { return errors.New("nobody is there") }, 3},
		"stalls":                  {3, 0, silent, 2},
		"stalls a time":           {3, 6, silent, 0},
		"stalls at the end":       {last - 1, 0, silent, last - 2},
		"dies at the very end":    {last, 0, func(context.Context) error { return errors.New("nobody is there") }, last - 1},
		"is slow at the end":      {last - 1, last + 1, silent, 0},
		"stalls when all is done": {last, 0, silent, last - 1},
	} {
		t.Run(what, func(t *testing.T) {
			looks, lost := onTheRig(t, func(ctx context.Context, n int) error {
				if n >= c.from && (c.till == 0 || n < c.till) {
					return c.how(ctx)
				}
				return nil
			})
			if c.seen == 0 {
				if len(lost) > 0 {
					t.Errorf("it was lost: %+v", lost[0])
				}
				return
			}
			if len(lost) != 1 || lost[0].Part != "the crane" || strings.TrimSpace(lost[0].Detail) == "" {
				t.Fatalf("it was lost %d times: %v", len(lost), lost)
			}
			if seen := looks[c.seen-1].Sub(looks[0].Add(2 * time.Second)); history.At(seen) != lost[0].Seen {
				t.Errorf("it was last seen at %v, and the look was at %v", lost[0].Seen, seen)
			}
		})
	}
}

// onTheRig runs the toy drill in virtual time, with a rig that answers its nth look so; it tells when those were, and what
// was lost.
func onTheRig(t *testing.T, answer func(ctx context.Context, n int) error) (looks []time.Time, lost []*history.Rig) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.put(onARig{ask: func(ctx context.Context) error {
			looks = append(looks, time.Now())
			return answer(ctx, len(looks))
		}})
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		for _, e := range w.sink.events {
			if rig, ok := history.RigLost.Of(&e); ok {
				lost = append(lost, &rig)
			}
		}
	})
	return looks, lost
}
