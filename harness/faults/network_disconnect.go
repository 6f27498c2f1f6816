package faults

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// networkDisconnectCases are its contract: nobody reaches it.
var networkDisconnectCases = []harness.Case{{Breaks: []harness.Break{unanswered}}}

// NetworkDisconnect takes a Region's replica off its network: it runs on, but reaches nobody and nobody reaches it.
type NetworkDisconnect struct{ attach }

// Aim takes a Region's replica, which then carries nobody.
func (f *NetworkDisconnect) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Replica(w, s)
	a.Summary, a.Unreachable = "disconnect of "+a.Summary, []string{a.Region}
	return a, problems
}

// Inject takes the replica off its network.
func (f *NetworkDisconnect) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	replica := h.Attach[a.Region]
	return pull(ctx, a, back, change{
		what: "the replica in " + a.Region, ask: replica.Ask, intent: replica.Connecting(),
		do: replica.Disconnect, undo: replica.Connect,
	})
}
