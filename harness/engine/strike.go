package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

const (
	proofLimit = 10 * time.Second // for the canaries to see a fault lifted
	leaseSlack = 30 * time.Second // a rule that nobody lifted lifts itself this long after it should have been
)

// strike is one fault on the timeline: requested, effective, healing, healed.
type strike struct {
	name    string
	fault   harness.Fault
	at      scenario.At
	where   scenario.Where
	lasts   time.Duration
	edges   []harness.Edge
	calls   bool // it acts on calls rather than on links
	replica bool // it acts on the replica of where.region

	effective, healed moment
	healing           time.Time // when its undo was due; read after the strike has returned
	expired           bool      // and that is recorded
}

// moment is an instant that others may wait for. It may pass without having come: then it has no time.
type moment struct {
	come chan struct{}
	at   time.Time
}

func newMoment() moment { return moment{come: make(chan struct{})} }

func (m *moment) set(t time.Time) {
	m.at = t
	close(m.come)
}

// subject is what it hits, for people.
func (s *strike) subject() string {
	what := s.place()
	if s.where.Service != "" {
		what = s.where.Service + " in " + what
	}
	if s.where.Operation != "" {
		what = s.where.Operation + " of " + what
	}
	if s.where.From != "" {
		what += " as seen from " + s.where.From
	}
	return what
}

func (s *strike) place() string { return cmp.Or(s.where.Region, s.where.Place) }

func (s *strike) region() string { return s.where.Region }

// strikeAll runs the timeline and returns when every fault is healed.
func (r *run) strikeAll(ctx context.Context, sys *harness.System) {
	for _, s := range r.plan.strikes {
		s.effective, s.healed = newMoment(), newMoment()
	}
	var strikes sync.WaitGroup
	for _, s := range r.plan.strikes {
		strikes.Go(func() { s.run(ctx, r, sys) })
	}
	strikes.Wait()
}

// run is one fault from its instant to its end.
func (s *strike) run(ctx context.Context, r *run, sys *harness.System) {
	var effective, healed time.Time
	effectiveOnce := sync.OnceFunc(func() { s.effective.set(effective) })
	defer func() { effectiveOnce(); s.healed.set(healed) }()
	if !s.due(ctx, r) {
		return
	}
	hit := s.hit(sys)
	requested := time.Now()
	s.healing = requested.Add(s.lasts)
	r.fault(s.name, history.Requested, nil, "")
	undo, err := s.inject(ctx, r, hit)
	if err != nil {
		r.fault(s.name, history.Unproven, nil, err.Error())
		r.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("injecting %s: %v", s.name, err)})
	} else {
		proofs := s.prove(ctx, r, hit)
		effective = latest(proofs)
		effectiveOnce()
		stop := s.verify(ctx, r, hit, proofs)
		waitUntil(ctx, s.healing)
		stop()
	}
	if undo != nil {
		healed = s.heal(ctx, r, hit, undo)
	}
}

// hit is what the fault selects of the system.
func (s *strike) hit(sys *harness.System) harness.Hit {
	hit := harness.Hit{Fault: s.name, Place: s.place(), Edges: s.edges, Lease: s.lasts + leaseSlack, Network: sys.Network}
	if s.replica {
		hit.Replicas = slices.DeleteFunc(slices.Clone(sys.Replicas),
			func(r *harness.Replica) bool { return r.Region != s.where.Region })
		return hit
	}
	if s.calls {
		hit.API, hit.KMS = sys.API, sys.KMS
		hit.Calls = harness.Calls{Region: s.place(), Service: s.where.Service, Operation: s.where.Operation,
			From: s.where.From}
		return hit
	}
	if s.where.Service != "" {
		hit.Hosts = hosts(sys, s.place(), s.where.Service)
	}
	return hit
}

// due waits for the fault's instant: after zero, or after another fault's.
func (s *strike) due(ctx context.Context, r *run) bool {
	base := r.zero
	if s.at.Name != "" {
		other := r.plan.strike(s.at.Name)
		m := &other.effective
		if s.at.Event == scenario.Healed {
			m = &other.healed
		}
		select {
		case <-m.come:
			base = m.at
		case <-ctx.Done():
			return false
		}
		if base.IsZero() {
			r.note("%s was not injected: %s was never proven %s", s.name, other.name, s.at.Event)
			return false
		}
	}
	return waitUntil(ctx, base.Add(s.at.Offset))
}

func (p *Plan) strike(name string) *strike {
	for _, s := range p.strikes {
		if s.name == name {
			return s
		}
	}
	return nil
}

// prove records since when the fault is in force; it may take until the fault must end.
func (s *strike) prove(ctx context.Context, r *run, hit harness.Hit) []harness.Proof {
	ctx, cancel := context.WithDeadline(ctx, s.healing)
	defer cancel()
	return s.see(ctx, r, hit, history.Effective)
}

// inject lays the fault. Where it panics its undo is on the way back alone, and the run is stopped.
func (s *strike) inject(ctx context.Context, r *run, hit harness.Hit) (undo rollback.Undo, err error) {
	err = guard("a fault", func() error {
		undo, err = s.fault.Inject(ctx, hit, r.back)
		return err
	})
	return undo, err
}

// see lets the fault's canaries look for a change, and records what they saw: nothing where it is not proven.
func (s *strike) see(ctx context.Context, r *run, hit harness.Hit, change history.ChangeKind) []harness.Proof {
	var proofs []harness.Proof
	err := guard("a fault", func() (err error) {
		proofs, err = s.fault.Prove(ctx, hit, change == history.Effective)
		return err
	})
	if errors.Is(err, errPanic) {
		r.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("proving %s: %v", s.name, err)})
	}
	return r.proven(s.name, change, proofs, err)
}

// heal undoes the fault and records since when it no longer is, whatever became of the run.
func (s *strike) heal(ctx context.Context, r *run, hit harness.Hit, undo rollback.Undo) time.Time {
	r.expired(s, s.expiry())
	r.fault(s.name, history.Healing, nil, "")
	if err := undo(ctx); err != nil {
		r.fault(s.name, history.Unproven, nil, err.Error())
		return time.Time{} // the way back reports it
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), proofLimit)
	defer cancel()
	return latest(s.see(ctx, r, hit, history.Healed))
}

// proven records a change with its edges. It returns nothing where nothing is proven.
func (r *run) proven(name string, change history.ChangeKind, proofs []harness.Proof, err error) []harness.Proof {
	if err != nil || len(proofs) == 0 {
		why := "no canary was sent"
		if err != nil {
			why = err.Error()
		}
		r.fault(name, history.Unproven, nil, fmt.Sprintf("%s: %s", change, why))
		return nil
	}
	edges := make([]history.Edge, len(proofs))
	for i, p := range proofs {
		edges[i] = history.Edge{Edge: p.Edge.String(), At: r.at(p.At)}
	}
	r.fault(name, change, edges, "")
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

func (r *run) fault(name string, change history.ChangeKind, edges []history.Edge, detail string) {
	r.record(history.Event{At: r.at(time.Now()), Type: history.TypeFault,
		Fault: &history.Change{Name: name, Change: change, Edges: edges, Detail: detail}})
}
