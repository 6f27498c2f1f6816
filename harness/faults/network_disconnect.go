package faults

import (
	"context"
	"errors"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// NetworkDisconnect takes a Region's replica off its network: it runs on, but reaches nobody and nobody reaches it.
type NetworkDisconnect struct{ pulled }

func newNetworkDisconnect() harness.Fault { return &NetworkDisconnect{} }

// Needs says why a target can't carry it.
func (f *NetworkDisconnect) Needs(can harness.Capabilities) error {
	if !can.Attach {
		return errors.New("its replicas are on no network that they could be taken off")
	}
	return nil
}

// Summary of it.
func (f *NetworkDisconnect) Summary() string { return "disconnect" }

// Isolates tells that a replica that nobody reaches carries nobody.
func (f *NetworkDisconnect) Isolates(bool) bool { return true }

// Inject takes the replica off its network.
func (f *NetworkDisconnect) Inject(ctx context.Context, hit harness.Hit, back *rollback.Stack) (rollback.Undo, error) {
	return f.pull(ctx, hit, back, handle{
		able:   func(r *harness.Replica) bool { return r.Attach != nil },
		intent: func(r *harness.Replica) rollback.Intent { return r.Attach.Connecting() },
		do:     func(ctx context.Context, r *harness.Replica) error { return r.Attach.Disconnect(ctx) },
		undo:   func(ctx context.Context, r *harness.Replica) error { return r.Attach.Connect(ctx) },
	})
}
