package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

const (
	askEvery = 2 * time.Millisecond   // between a canary's questions
	patience = 100 * time.Millisecond // with one of them
	longer   = 500 * time.Millisecond // with a single one, whose answer no other follows
	sureness = 5 * time.Second        // after the deed, to see what came of it
)

// pulled is a handle of replicas that a fault has pulled, shared by its Inject and its Prove. Canaries ask the replicas
// without pause while the deed is done and while it is undone, so that the instants are those of the change.
type pulled struct {
	inForce, healed sighting
}

// sighting is what a canary saw, or why it didn't.
type sighting struct {
	at   time.Time
	seen bool
	err  error
}

// pull does a deed on every replica of the hit; the intent of its undo is on the way back before it.
func (p *pulled) pull(ctx context.Context, hit harness.Hit, back *rollback.Stack, h handle) (rollback.Undo, error) {
	if len(hit.Replicas) == 0 {
		return nil, errors.New("it hits no replica")
	}
	var undos []rollback.Undo
	undo := func(ctx context.Context) error {
		var errs []error
		for i := len(undos) - 1; i >= 0; i-- {
			errs = append(errs, undos[i](ctx))
		}
		return errors.Join(errs...)
	}
	for _, r := range hit.Replicas {
		if r.Ask == nil || !h.able(r) {
			return undo, fmt.Errorf("the replica in %s has no handle for it", r.Region)
		}
		one, err := back.Push(h.intent(r), func(ctx context.Context) error {
			seen, err := watch(ctx, r, true, func(ctx context.Context) error { return h.undo(ctx, r) })
			p.healed = later(p.healed, seen)
			return err
		})
		if err != nil {
			return undo, err
		}
		undos = append(undos, one)
		seen, err := watch(ctx, r, false, func(ctx context.Context) error { return h.do(ctx, r) })
		if err != nil {
			return undo, fmt.Errorf("%s in %s: %w", hit.Fault, r.Region, err)
		}
		p.inForce = later(p.inForce, seen)
	}
	return undo, nil
}

// handle is what is pulled, and what undoes it.
type handle struct {
	able     func(r *harness.Replica) bool // whether the replica has it
	intent   func(r *harness.Replica) rollback.Intent
	do, undo func(ctx context.Context, r *harness.Replica) error
}

// later is the last of two: a fault is in force, or healed, when it is so everywhere.
func later(a, b sighting) sighting {
	if b.err = errors.Join(a.err, b.err); a.at.After(b.at) {
		b.at = a.at
	}
	b.seen = true
	return b
}

// Prove tells what the canaries saw, on every edge of the hit.
func (p *pulled) Prove(_ context.Context, hit harness.Hit, inForce bool) ([]harness.Proof, error) {
	s := p.healed
	if inForce {
		s = p.inForce
	}
	switch {
	case !s.seen:
		return nil, errors.New("no canary asked")
	case s.err != nil:
		return nil, s.err
	}
	return proofs(hit, s.at), nil
}

// proofs are of the same instant on every edge of the hit.
func proofs(hit harness.Hit, at time.Time) []harness.Proof {
	var all []harness.Proof
	for _, e := range hit.Edges {
		all = append(all, harness.Proof{Edge: e, At: at})
	}
	return all
}

// Verify asks each replica once. Whoever answers is reachable again; silence is what the fault makes of it.
func (p *pulled) Verify(ctx context.Context, hit harness.Hit) ([]harness.Sighting, error) {
	asked, gone := time.Now(), ""
	for _, r := range hit.Replicas {
		asking, cancel := context.WithTimeout(ctx, longer)
		err := r.Ask(asking)
		cancel()
		switch {
		case err == nil:
			gone = fmt.Sprintf("the replica in %s answers", r.Region)
		case ctx.Err() != nil:
			return nil, fmt.Errorf("asking the replica in %s: %w", r.Region, ctx.Err())
		}
	}
	return sightings(hit, asked, gone), nil
}

// sightings are the same on every edge of the hit.
func sightings(hit harness.Hit, at time.Time, gone string) []harness.Sighting {
	var seen []harness.Sighting
	for _, e := range hit.Edges {
		seen = append(seen, harness.Sighting{Edge: e, At: at, Gone: gone})
	}
	return seen
}

// watch does a deed while a canary asks the replica again and again, until the replica answers, or no longer does, as
// the deed wants it. It doesn't answer since the first question was put that got none, as with bytes that are written
// into a hole; it answers since the first answer came. The error is the deed's; that the canary did not see what the
// deed wants is in the sighting.
func watch(ctx context.Context, r *harness.Replica, answers bool, deed func(context.Context) error) (sighting, error) {
	asking, stop := context.WithCancel(ctx)
	looks := make(chan look)
	go func() {
		defer close(looks)
		for asking.Err() == nil {
			looks <- ask(asking, r)
		}
	}()
	asked := looks
	defer func() {
		stop()
		for range asked { // let it end
		}
	}()
	done := make(chan error, 1)
	go func() { done <- deed(ctx) }()
	var since, over time.Time // since when it is as wanted, and when the deed was done; zero for not yet
	var limit <-chan time.Time
	for {
		select {
		case err := <-done:
			if err != nil {
				return sighting{err: err}, err
			}
			if over, done, limit = time.Now(), nil, time.After(sureness); looks == nil {
				return sighting{err: context.Cause(ctx)}, nil
			}
		case l, asking := <-looks:
			if !asking { // ctx has ended; the deed is still waited for
				looks = nil
				continue
			}
			if since = l.since(answers, since); !over.IsZero() && !since.IsZero() && l.asked.After(over) {
				return sighting{at: since}, nil
			}
		case <-limit:
			err := fmt.Errorf("asking the replica in %s for %v: it answers: %t", r.Region, sureness, !answers)
			return sighting{err: err}, nil
		}
	}
}

// look is one question of a canary.
type look struct {
	asked, ended time.Time
	answered     bool
}

// ask puts one question, a moment after the last.
func ask(ctx context.Context, r *harness.Replica) look {
	timer := time.NewTimer(askEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	l := look{asked: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l.answered = r.Ask(ctx) == nil
	l.ended = time.Now()
	return l
}

// since is since when the replica has been as wanted without a break, after this look.
func (l look) since(answers bool, before time.Time) time.Time {
	switch {
	case l.answered != answers:
		return time.Time{}
	case !before.IsZero():
		return before
	case answers:
		return l.ended
	}
	return l.asked
}
