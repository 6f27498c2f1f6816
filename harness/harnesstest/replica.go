package harnesstest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Replica is a replica of handles only, for faults to pull. Its zero value runs, and is ready to use.
type Replica struct {
	Refuses error // what every handle answers, where it is not to work

	mu                   sync.Mutex
	killed, paused, away bool
}

// Ask answers, refuses, or hangs.
func (r *Replica) Ask(ctx context.Context) error {
	r.mu.Lock()
	killed, silent := r.killed, r.paused || r.away
	r.mu.Unlock()
	if killed {
		return errors.New("it doesn't run")
	}
	if silent {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (r *Replica) set(what *bool, to bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Refuses != nil && *what != to {
		return r.Refuses
	}
	*what = to
	return nil
}

// Revive is somebody else who takes back all that was done to it.
func (r *Replica) Revive() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killed, r.paused, r.away = false, false, false
}

func (r *Replica) Kill(context.Context) error       { return r.set(&r.killed, true) }
func (r *Replica) Start(context.Context) error      { return r.set(&r.killed, false) }
func (r *Replica) Pause(context.Context) error      { return r.set(&r.paused, true) }
func (r *Replica) Unpause(context.Context) error    { return r.set(&r.paused, false) }
func (r *Replica) Disconnect(context.Context) error { return r.set(&r.away, true) }
func (r *Replica) Connect(context.Context) error    { return r.set(&r.away, false) }

func (r *Replica) Starting() rollback.Intent   { return intent("start") }
func (r *Replica) Unpausing() rollback.Intent  { return intent("unpause") }
func (r *Replica) Connecting() rollback.Intent { return intent("connect") }

func intent(kind string) rollback.Intent {
	return rollback.Intent{Kind: kind, Args: json.RawMessage(`{}`)}
}
