package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// faultRun is one fault in one run: requested, effective, healing, healed.
type faultRun struct {
	injected
	timeline          *timeline
	effective, healed instant

	mu      sync.Mutex
	watch   func() (stop func()) // begins the watch over it
	unwatch func()               // ends it; nil while there is none
}

// repair ends the watch over the fault while it is in force: an action has taken it back. One that acts on the same and
// leaves the fault in force, as who enables a key that its policy denies, has repaired nothing.
func (f *faultRun) repair(ctx context.Context, by string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unwatch == nil {
		return
	}
	f.unwatch() // or it would tell of a loss
	if f.stands(ctx) {
		f.unwatch = f.watch()
		f.timeline.r.note("%s is in force still after %s", f.aim.Name, by)
		return
	}
	f.unwatch = nil
	f.timeline.r.note("%s was taken back by %s; it counts as in force until its end, and people who are in again are "+
		"back by the repair", f.aim.Name, by)
}

// stands tells whether the fault is seen to be in force.
func (f *faultRun) stands(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	var seen []harness.Sighting
	err := harness.Guard("a fault", func() (err error) {
		seen, err = f.injection.Verify(ctx)
		return err
	})
	return err == nil && slices.ContainsFunc(seen, func(s harness.Sighting) bool { return s.Gone == "" })
}

// watched begins the watch over the fault, which a repair may end before its time.
func (f *faultRun) watched(watch func() (stop func())) (end func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch, f.unwatch = watch, watch()
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.unwatch != nil {
			f.unwatch()
			f.unwatch = nil
		}
	}
}

// run is the fault from its instant to its end.
func (f *faultRun) run(ctx context.Context) {
	var effective, healed time.Time
	effectiveOnce := sync.OnceFunc(func() { f.effective.set(effective) })
	defer func() { effectiveOnce(); f.healed.set(healed) }()
	if !f.timeline.due(ctx, f.aim.Name, f.at) {
		return
	}
	if err := f.begin(ctx, f.lasts); err != nil {
		f.by.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("injecting %s: %v", f.aim.Name, err)})
	} else {
		proofs := f.prove(ctx)
		effective = latest(proofs)
		effectiveOnce()
		stop := f.watched(func() (stop func()) { return f.verify(ctx, proofs) })
		waitUntil(ctx, f.healing)
		stop()
	}
	if f.injection != nil {
		healed = f.heal(ctx)
	}
}
