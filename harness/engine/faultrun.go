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
		stop := f.verify(ctx, proofs)
		waitUntil(ctx, f.healing)
		stop()
	}
	if f.injection != nil {
		healed = f.heal(ctx)
	}
}
