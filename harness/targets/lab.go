package targets

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

type labTarget struct{}

func newLab() harness.Target { return labTarget{} }

// Can tells that the lab carries all but faults of processes and container networks.
func (labTarget) Can() harness.Capabilities {
	return harness.Capabilities{
		Handles: []string{"network", "key", "provider", "instance", "streams", "flaws", "clocks", "sessions",
			"access", "vanity"},
		Services: system.Services(), Calls: system.Calls(),
	}
}

// Provision starts a lab.
func (labTarget) Provision(ctx context.Context, t harness.Topology, back *rollback.Stack) (*harness.System, error) {
	t, err := withKMS(ctx, t, back)
	if err != nil {
		return nil, err
	}
	l, err := lab.Start(ctx, t, back)
	if err != nil {
		return nil, err
	}
	return l.System, nil
}
