package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

const (
	proofLimit = 10 * time.Second // for the canaries to see a fault lifted
	leaseSlack = 30 * time.Second // a rule that nobody lifted lifts itself this long after it should have been
)

// faultRun is one fault in one run: requested, effective, healing, healed.
type faultRun struct {
	*plannedFault
	timeline *timeline
	r        *run

	injected          harness.Injection // nil where nothing was done
	effective, healed instant
	healing           time.Time // when its undo was due; read after run has returned
	expired           bool      // and that is recorded
}

// run is the fault from its instant to its end.
func (f *faultRun) run(ctx context.Context) {
	var effective, healed time.Time
	effectiveOnce := sync.OnceFunc(func() { f.effective.set(effective) })
	defer func() { effectiveOnce(); f.healed.set(healed) }()
	if !f.timeline.due(ctx, f.aim.Name, f.at) {
		return
	}
	requested := time.Now()
	f.healing = requested.Add(f.lasts)
	f.tell(history.Requested, nil, "")
	if err := f.inject(ctx); err != nil {
		f.tell(history.Unproven, nil, err.Error())
		f.r.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("injecting %s: %v", f.aim.Name, err)})
	} else {
		proofs := f.prove(ctx)
		effective = latest(proofs)
		effectiveOnce()
		stop := f.verify(ctx, proofs)
		waitUntil(ctx, f.healing)
		stop()
	}
	if f.injected != nil {
		healed = f.heal(ctx)
	}
}

// prove records since when the fault is in force; it may take until the fault must end.
func (f *faultRun) prove(ctx context.Context) []harness.Proof {
	ctx, cancel := context.WithDeadline(ctx, f.healing)
	defer cancel()
	return f.see(ctx, history.Effective)
}

// inject puts the fault in force. Where that panics its undo is on the way back alone, and the run is stopped.
func (f *faultRun) inject(ctx context.Context) error {
	return harness.Guard("a fault", func() (err error) {
		f.injected, err = f.fault.Inject(ctx, f.timeline.handles, f.aim, f.r.back)
		return err
	})
}

// see lets the fault's canaries look for a change, and records what they saw: nothing where it is not proven.
func (f *faultRun) see(ctx context.Context, change history.ChangeKind) []harness.Proof {
	var proofs []harness.Proof
	err := harness.Guard("a fault", func() (err error) {
		proofs, err = f.injected.Prove(ctx, change == history.Effective)
		return err
	})
	if errors.Is(err, harness.ErrPanic) {
		f.r.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("proving %s: %v", f.aim.Name, err)})
	}
	return f.proven(change, proofs, err)
}

// heal undoes the fault and records since when it no longer is, whatever became of the run.
func (f *faultRun) heal(ctx context.Context) time.Time {
	err := harness.Guard("a fault", func() error { f.expire(f.expiry()); return nil })
	if err != nil {
		f.r.stop(Stop{Reason: history.Broken, Detail: err.Error()})
	}
	f.tell(history.Healing, nil, "")
	if err := harness.Guard("a fault", func() error { return f.injected.Undo(ctx) }); err != nil {
		f.tell(history.Unproven, nil, err.Error())
		return time.Time{} // the way back reports it
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proofLimit)
	defer cancel()
	return latest(f.see(ctx, history.Healed))
}

// proven records a change with its edges. It returns nothing where nothing is proven.
func (f *faultRun) proven(change history.ChangeKind, proofs []harness.Proof, err error) []harness.Proof {
	if err != nil || len(proofs) == 0 {
		why := "no canary was sent"
		if err != nil {
			why = err.Error()
		}
		f.tell(history.Unproven, nil, fmt.Sprintf("%s: %s", change, why))
		return nil
	}
	edges := make([]history.Edge, len(proofs))
	for i, p := range proofs {
		edges[i] = history.Edge{Edge: p.Edge.String(), At: f.r.at(p.At)}
	}
	f.tell(change, edges, "")
	return proofs
}

// latest is the instant of the last of the proofs, zero where there is none.
func latest(proofs []harness.Proof) (last time.Time) {
	for _, p := range proofs {
		if p.At.After(last) {
			last = p.At
		}
	}
	return last
}

func (f *faultRun) tell(change history.ChangeKind, edges []history.Edge, detail string) {
	f.r.record(history.Event{At: f.r.at(time.Now()), Type: history.TypeFault,
		Fault: &history.Change{Name: f.aim.Name, Change: change, Edges: edges, Detail: detail}})
}
