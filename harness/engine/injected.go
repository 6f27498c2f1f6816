package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

const (
	proofLimit = 10 * time.Second // for the canaries to see a fault lifted
	leaseSlack = 30 * time.Second // a rule that nobody lifted lifts itself this long after it should have been
)

// teller writes down what happens, on a clock of its own: a run, or a system that is kept standing.
type teller interface {
	at(t time.Time) history.Instant
	record(e history.Event)
	stop(s Stop)             // something of ours is broken
	over(due time.Time) bool // nobody arrives at due any more
}

// injected is a fault from when it is asked for until it is undone.
type injected struct {
	*plannedFault
	by      teller
	handles *harness.Handles
	back    *rollback.Stack

	injection harness.Injection // nil where nothing was done
	healing   time.Time         // when its undo was due; read after run has returned
	expired   bool              // and that is recorded
}

// begin asks for the fault and puts it in force; its undo is due that long after it was asked for.
func (f *injected) begin(ctx context.Context, lasts time.Duration) error {
	f.healing = time.Now().Add(lasts)
	f.tell(history.Requested, nil, "")
	err := f.inject(ctx)
	if err != nil {
		f.tell(history.Unproven, nil, err.Error())
	}
	return err
}

// prove records since when the fault is in force; it may take until the fault must end.
func (f *injected) prove(ctx context.Context) []harness.Proof {
	ctx, cancel := context.WithDeadline(ctx, f.healing)
	defer cancel()
	return f.see(ctx, history.Effective)
}

// inject puts the fault in force. Where that panics its undo is on the way back alone, and the run is stopped.
func (f *injected) inject(ctx context.Context) error {
	return harness.Guard("a fault", func() (err error) {
		f.injection, err = f.fault.Inject(ctx, f.handles, f.aim, f.back)
		return err
	})
}

// see lets the fault's canaries look for a change, and records what they saw: nothing where it is not proven.
func (f *injected) see(ctx context.Context, change history.ChangeKind) []harness.Proof {
	var proofs []harness.Proof
	err := harness.Guard("a fault", func() (err error) {
		proofs, err = f.injection.Prove(ctx, change == history.Effective)
		return err
	})
	if errors.Is(err, harness.ErrPanic) {
		f.by.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("proving %s: %v", f.aim.Name, err)})
	}
	return f.proven(change, proofs, err)
}

// heal undoes the fault and records since when it no longer is, whatever became of the run.
func (f *injected) heal(ctx context.Context) time.Time {
	err := harness.Guard("a fault", func() error { f.expire(f.expiry()); return nil })
	if err != nil {
		f.by.stop(Stop{Reason: history.Broken, Detail: err.Error()})
	}
	f.tell(history.Healing, nil, "")
	if err := harness.Guard("a fault", func() error { return f.injection.Undo(ctx) }); err != nil {
		f.tell(history.Unproven, nil, err.Error())
		return time.Time{} // the way back reports it
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proofLimit)
	defer cancel()
	return latest(f.see(ctx, history.Healed))
}

// proven records a change with its edges. It returns nothing where nothing is proven.
func (f *injected) proven(change history.ChangeKind, proofs []harness.Proof, err error) []harness.Proof {
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
		edges[i] = history.Edge{Edge: p.Edge.String(), At: f.by.at(p.At)}
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

func (f *injected) tell(change history.ChangeKind, edges []history.Edge, detail string) {
	f.by.record(history.Event{At: f.by.at(time.Now()), Type: history.TypeFault,
		Fault: &history.Change{Name: f.aim.Name, Change: change, Edges: edges, Detail: detail}})
}
