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
	askEvery    = 2 * time.Millisecond   // between a canary's questions
	askLimit    = 100 * time.Millisecond // for one of them, where silence is an answer
	refuseLimit = 2 * time.Second        // for one of them, where it isn't
	verifyLimit = 500 * time.Millisecond // with a single one, whose answer no other follows
	changeLimit = 5 * time.Second        // after the change, to see what came of it
)

// change is what a fault does by a handle, and what takes it back.
type change struct {
	what string                          // is done to, for people: "the replica in eu-west-1"
	ask  func(ctx context.Context) error // a canary past all rules of the network: nil where all is well
	// refused tells a refusal from an answer that never came, which then tells nothing; nil: silence is what it does.
	refused  func(error) bool
	unmade   func(error) bool // tells that nothing was changed from the error of do; nil: nothing does
	intent   rollback.Intent  // what another process needs to take it back
	do, undo func(ctx context.Context) error
}

// pulled is a handle that a fault has pulled. Canaries ask without pause while the change is made and while it is
// undone, so that the instants are those of the change.
type pulled struct {
	change
	a               harness.Aim
	back            rollback.Undo
	inForce, healed sighting
	never           bool // the change was refused, so there is nothing to take back
}

// sighting is what a canary saw, or why it didn't.
type sighting struct {
	at   time.Time
	seen bool
	err  error
}

// pull makes the change; the intent of its undo is on the way back before it.
func pull(ctx context.Context, a harness.Aim, back *rollback.Stack, c change) (harness.Injection, error) {
	p := &pulled{change: c, a: a}
	undo, err := back.Push(c.intent, func(ctx context.Context) (err error) {
		if p.never {
			return nil
		}
		p.healed, err = p.watch(ctx, true, c.undo)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.back = undo
	if p.inForce, err = p.watch(ctx, false, c.do); err != nil {
		p.never = c.unmade != nil && c.unmade(err)
		return p, fmt.Errorf("%s of %s: %w", a.Name, c.what, err)
	}
	return p, nil
}

// Undo takes the change back.
func (p *pulled) Undo(ctx context.Context) error { return p.back(ctx) }

// Expired is never the case: nothing but the undo takes a change back.
func (p *pulled) Expired() (at time.Time, expired bool) { return time.Time{}, false }

// Prove tells what the canaries saw.
func (p *pulled) Prove(_ context.Context, inForce bool) ([]harness.Proof, error) {
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
	return proofs(p.a, s.at), nil
}

// proofs are of the same instant on every edge.
func proofs(a harness.Aim, at time.Time) []harness.Proof {
	var all []harness.Proof
	for _, e := range a.Edges {
		all = append(all, harness.Proof{Edge: e, At: at})
	}
	return all
}

// Verify asks once. An answer says that all is well again; silence is what the fault makes of it.
func (p *pulled) Verify(ctx context.Context) ([]harness.Sighting, error) {
	asked, healed := time.Now(), ""
	asking, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	switch says, err := p.put(asking); {
	case says == answered:
		healed = p.what + " answers"
	case ctx.Err() != nil:
		return nil, fmt.Errorf("asking %s: %w", p.what, ctx.Err())
	case says == nothing:
		return nil, fmt.Errorf("asking %s: %w", p.what, err)
	}
	return sightings(p.a, asked, healed), nil
}

// sightings are the same on every edge.
func sightings(a harness.Aim, at time.Time, healed string) []harness.Sighting {
	var seen []harness.Sighting
	for _, e := range a.Edges {
		seen = append(seen, harness.Sighting{Edge: e, At: at, Gone: healed})
	}
	return seen
}

// watch does something while a canary asks again and again, until all is well, or no longer is, as it is wanted. It
// doesn't answer since the first question was put that got none, as with bytes that are written into a hole; it answers
// since the first answer came. The error is that of making the change; that the canary did not see what the change
// wants is in the sighting.
func (p *pulled) watch(ctx context.Context, answers bool, do func(context.Context) error) (sighting, error) {
	asking, stop := context.WithCancel(ctx)
	looks := make(chan look)
	go func() {
		defer close(looks)
		for asking.Err() == nil {
			looks <- p.look(asking)
		}
	}()
	asked := looks
	defer func() {
		stop()
		for range asked { // let it end
		}
	}()
	done := make(chan error, 1)
	go func() { done <- harness.Guard("a handle", func() error { return do(ctx) }) }()
	var since, over time.Time // since when it is as wanted, and when the change was made; zero for not yet
	var limit <-chan time.Time
	why := "" // the last question told nothing
	for {
		select {
		case err := <-done:
			if err != nil {
				return sighting{seen: true, err: err}, err
			}
			if over, done, limit = time.Now(), nil, time.After(changeLimit); looks == nil {
				return sighting{seen: true, err: context.Cause(ctx)}, nil
			}
		case l, asking := <-looks:
			if !asking { // ctx has ended; the change is still waited for, and nobody sees what comes of it
				if looks = nil; !over.IsZero() {
					return sighting{seen: true, err: context.Cause(ctx)}, nil
				}
				continue
			}
			if errors.Is(l.err, harness.ErrPanic) {
				return sighting{seen: true, err: l.err}, l.err
			}
			if since, why = l.since(answers, since), l.why(); !over.IsZero() && l.sees(answers) && l.asked.After(over) {
				return sighting{seen: true, at: since}, nil
			}
		case <-limit:
			err := fmt.Errorf("asking %s for %v: it answers: %t%s", p.what, changeLimit, !answers, why)
			return sighting{seen: true, err: err}, nil
		}
	}
}

// said is what a canary was told.
type said int

// A canary is told that all is well, that it isn't, or nothing at all.
const (
	answered said = iota
	gone
	nothing
)

// put puts a question.
func (p *pulled) put(ctx context.Context) (said, error) {
	err := harness.Guard("a handle", func() error { return p.ask(ctx) })
	switch {
	case err == nil:
		return answered, nil
	case p.refused == nil || p.refused(err):
		return gone, err
	}
	return nothing, err
}

// look is one question of a canary.
type look struct {
	asked, ended time.Time
	said         said
	err          error
}

// look puts one question, a moment after the last.
func (p *pulled) look(ctx context.Context) look {
	timer := time.NewTimer(askEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	l, limit := look{asked: time.Now()}, askLimit
	if p.refused != nil {
		limit = refuseLimit
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	l.said, l.err = p.put(limited)
	if l.said == gone && ctx.Err() != nil {
		l.said = nothing // it was cut short
	}
	l.ended = time.Now()
	return l
}

// sees tells whether it is as wanted.
func (l look) sees(answers bool) bool {
	if answers {
		return l.said == answered
	}
	return l.said == gone
}

// why says what kept the look from telling anything.
func (l look) why() string {
	if l.said != nothing {
		return ""
	}
	return fmt.Sprintf(" (the last question told nothing: %v)", l.err)
}

// since is since when it has been as wanted without a break, after this look. One that told nothing breaks nothing.
func (l look) since(answers bool, before time.Time) time.Time {
	switch {
	case l.said == nothing:
		return before
	case !l.sees(answers):
		return time.Time{}
	case !before.IsZero():
		return before
	case answers:
		return l.ended
	}
	return l.asked
}
