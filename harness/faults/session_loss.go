package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// sessionLossCases are its contract: who loses their session signs in again.
var sessionLossCases = []harness.Case{
	{Breaks: []harness.Break{
		{At: harness.Here, Class: history.ClassSessionLost, Some: true, Journeys: []history.Journey{history.SessionKeep}}}},
}

// SessionLoss lets a Region forget all sessions that people have at its access portal, once, at its beginning: they are
// asked to sign in again there. In other Regions they go on. What is lost stays lost; for says how long its window is.
type SessionLoss struct{}

// Needs the sessions.
func (*SessionLoss) Needs() []string { return []string{"sessions"} }

// Aim takes a Region.
func (f *SessionLoss) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Sessions(w, s)
	a.Summary = "all sessions at the portal of " + a.Summary + " are lost"
	return a, problems
}

// Inject loses them. The Region has seen that a session of a canary's went with them, so that the instant at which it
// says so is the proof.
func (f *SessionLoss) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	l := &lost{a: a}
	undo, err := back.Push(rollback.Intent{}, l.end)
	if err != nil {
		return nil, err
	}
	l.undo = undo
	if _, err := h.Sessions[a.Region].Lose(ctx); err != nil {
		return l, fmt.Errorf("%s of %s: %w", a.Name, a.Region, err)
	}
	l.since = time.Now()
	return l, nil
}

// lost is what can't be given back.
type lost struct {
	a           harness.Aim
	undo        rollback.Undo
	since, till time.Time
}

func (l *lost) end(context.Context) error {
	if l.till.IsZero() {
		l.till = time.Now()
	}
	return nil
}

// Undo ends its window; there is nothing to give back.
func (l *lost) Undo(ctx context.Context) error { return l.undo(ctx) }

// Expired is never the case.
func (l *lost) Expired() (at time.Time, expired bool) { return time.Time{}, false }

// Verify has nothing to look at: nothing of it stays in force.
func (l *lost) Verify(context.Context) ([]harness.Sighting, error) { return nil, nil }

// Prove tells what the Region has seen.
func (l *lost) Prove(_ context.Context, inForce bool) ([]harness.Proof, error) {
	switch {
	case l.since.IsZero():
		return nil, fmt.Errorf("no session of %s was seen to be lost", l.a.Region)
	case inForce:
		return proofs(l.a, l.since), nil
	}
	return proofs(l.a, l.till), nil
}
