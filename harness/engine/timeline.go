package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// timeline is all that happens to the system in one run, each at its instant.
type timeline struct {
	r       *run
	handles *harness.Handles
	faults  []*faultRun
	actions []*actionRun
}

func newTimeline(r *run, sys *harness.System) *timeline {
	t := &timeline{r: r, handles: &sys.Handles}
	for i := range r.plan.faults {
		t.faults = append(t.faults, &faultRun{timeline: t, effective: newInstant(), healed: newInstant(),
			injected: injected{plannedFault: &r.plan.faults[i], by: r, handles: t.handles, back: r.back}})
	}
	for i := range r.plan.actions {
		t.actions = append(t.actions, &actionRun{plannedAction: &r.plan.actions[i], timeline: t, r: r})
	}
	return t
}

// instant is one that others may wait for. It may pass without having come: then it has no time.
type instant struct {
	passed chan struct{}
	at     time.Time
}

func newInstant() instant { return instant{passed: make(chan struct{})} }

func (i *instant) set(t time.Time) {
	i.at = t
	close(i.passed)
}

// ready asks those that can tell only from the system itself whether they can act on it.
func (t *timeline) ready(ctx context.Context) error {
	for _, f := range t.faults {
		if err := ready(ctx, t.handles, f.fault, f.aim); err != nil {
			return err
		}
	}
	for _, a := range t.actions {
		if err := ready(ctx, t.handles, a.action, a.aim); err != nil {
			return err
		}
	}
	return nil
}

func ready(ctx context.Context, h *harness.Handles, what any, a harness.Aim) error {
	if asks, ok := what.(harness.Readier); ok {
		if err := asks.Ready(ctx, h, a); err != nil {
			return fmt.Errorf("preparing %s: %w", a.Name, err)
		}
	}
	return nil
}

// run returns when every fault is healed, and every action that ends before the run has been taken back.
func (t *timeline) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, f := range t.faults {
		all.Go(func() { f.run(ctx) })
	}
	for _, a := range t.actions {
		all.Go(func() { a.run(ctx) })
	}
	all.Wait()
}

// last is when the last undo was due, zero where nothing happened.
func (t *timeline) last() (last time.Time) {
	for _, f := range t.faults {
		last = later(last, f.healing)
	}
	for _, a := range t.actions {
		last = later(last, a.last)
	}
	return last
}

// due waits for an instant: after zero, or after another fault's.
func (t *timeline) due(ctx context.Context, name string, at scenario.At) bool {
	base := t.r.zero
	if at.Name != "" {
		other := t.fault(at.Name)
		i := &other.effective
		if at.Event == scenario.Healed {
			i = &other.healed
		}
		select {
		case <-i.passed:
			base = i.at
		case <-ctx.Done():
			return false
		}
		if base.IsZero() {
			t.r.note("%s did not happen: %s was never proven %s", name, at.Name, at.Event)
			return false
		}
	}
	return waitUntil(ctx, base.Add(at.Offset))
}

// repaired ends the watch over faults that an action takes back: that they are gone is what was wanted, and no loss.
func (t *timeline) repaired(ctx context.Context, a *plannedAction) {
	for _, f := range t.faults {
		if f.aim.Region == a.aim.Region && unshared(f.fault.Needs(), a.action.Needs()) {
			f.repair(ctx, a.aim.Name)
		}
	}
}

func (t *timeline) fault(name string) *faultRun {
	for _, f := range t.faults {
		if f.aim.Name == name {
			return f
		}
	}
	return nil
}
