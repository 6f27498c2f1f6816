package faults

import (
	"context"
	"errors"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Process does something to the process of a Region's replica.
type Process struct {
	pulled
	Mode string `yaml:"mode" enum:"kill,pause,restart" doc:"kill: it is gone until the fault ends; pause: it stands still, with all that it holds; restart: it is killed and started again at once"`
}

func newProcess() harness.Fault { return &Process{Mode: "kill"} }

// Needs says why a target can't carry it.
func (f *Process) Needs(can harness.Capabilities) error {
	if !can.Process {
		return errors.New("its replicas have no processes of their own")
	}
	return nil
}

// Summary of it.
func (f *Process) Summary() string { return f.Mode }

// Isolates tells that a replica that is gone, or stands still, carries nobody.
func (f *Process) Isolates(bool) bool { return f.Mode != "restart" }

// Verify asks the replica; of a restart nothing stays in force.
func (f *Process) Verify(ctx context.Context, hit harness.Hit) ([]harness.Sighting, error) {
	if f.Mode == "restart" {
		return nil, nil
	}
	return f.pulled.Verify(ctx, hit)
}

// Inject kills or pauses the process.
func (f *Process) Inject(ctx context.Context, hit harness.Hit, back *rollback.Stack) (rollback.Undo, error) {
	h := handle{
		able:   func(r *harness.Replica) bool { return r.Power != nil },
		intent: func(r *harness.Replica) rollback.Intent { return r.Power.Starting() },
		do:     func(ctx context.Context, r *harness.Replica) error { return r.Power.Kill(ctx) },
		undo:   func(ctx context.Context, r *harness.Replica) error { return r.Power.Start(ctx) },
	}
	if f.Mode == "pause" {
		h.intent = func(r *harness.Replica) rollback.Intent { return r.Power.Unpausing() }
		h.do = func(ctx context.Context, r *harness.Replica) error { return r.Power.Pause(ctx) }
		h.undo = func(ctx context.Context, r *harness.Replica) error { return r.Power.Unpause(ctx) }
	}
	undo, err := f.pull(ctx, hit, back, h)
	if err != nil || f.Mode != "restart" {
		return undo, err
	}
	for _, r := range hit.Replicas {
		if err := r.Power.Start(ctx); err != nil {
			return undo, err
		}
	}
	return undo, nil
}
