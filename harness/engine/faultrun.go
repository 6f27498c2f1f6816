package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// faultRun is one fault in one run: requested, effective, healing, healed.
type faultRun struct {
	injected
	timeline          *timeline
	effective, healed instant

	mu       sync.Mutex
	repaired bool
	unwatch  func() // ends the watch over it; nil while there is none
}

// repair ends the watch over the fault while it is in force: an action has taken it back.
func (f *faultRun) repair(by string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unwatch == nil || f.repaired {
		return
	}
	f.repaired = true
	f.unwatch()
	f.timeline.r.note("%s was taken back by %s; it counts as in force until its end, and people who are in again are "+
		"back by the repair", f.aim.Name, by)
}

// watched sets what ends the watch over the fault, which a repair may do once.
func (f *faultRun) watched(stop func()) (end func()) {
	once := sync.OnceFunc(stop)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unwatch = once
	return func() {
		once()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.unwatch = nil
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
		stop := f.watched(f.verify(ctx, proofs))
		waitUntil(ctx, f.healing)
		stop()
	}
	if f.injection != nil {
		healed = f.heal(ctx)
	}
}
