package faults

import (
	"context"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The modes of a fault of a process.
const (
	modeKill    = "kill"
	modePause   = "pause"
	modeRestart = "restart"
)

// ofTheReplica are all that a Region's replica serves: its portal, its APIs and its STS. KMS is nobody's but its own.
var ofTheReplica = slices.Concat(harness.OfThePortal, []history.Journey{history.HeldCredentials})

// unanswered is what people meet of a replica that is gone: the edge before it stays, and waits for it in vain, or
// finds that nobody is there.
var unanswered = harness.Break{At: harness.Here, Class: history.ClassTimeout, Or: history.ClassHTTP5xx,
	Journeys: ofTheReplica}

// processCases are its contract: nobody is served by a replica that is gone, or stands still.
var processCases = []harness.Case{
	{Settings: `{"mode": "kill"}`, Breaks: []harness.Break{unanswered}},
	{Settings: `{"mode": "pause"}`, Breaks: []harness.Break{
		harness.Fail(harness.Here, history.ClassTimeout, ofTheReplica...)}},
	{Settings: `{"mode": "restart"}`, Breaks: []harness.Break{{At: harness.Here, Class: history.ClassTimeout,
		Or: history.ClassHTTP5xx, Some: true, Journeys: ofTheReplica}}}, // who comes before it is back
}

// Process does something to the process of a Region's replica.
type Process struct {
	power
	Mode string `yaml:"mode" enum:"kill,pause,restart" doc:"kill: it is gone until the fault ends; pause: it stands still, with all that it holds; restart: it is killed and started again at once"`
}

// Aim takes a Region's replica. One that is gone, or stands still, carries nobody.
func (f *Process) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Replica(w, s)
	if a.Summary = f.Mode + " of " + a.Summary; f.Mode != modeRestart {
		a.Unreachable = []string{a.Region}
	}
	return a, problems
}

// Inject kills or pauses the process.
func (f *Process) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	replica := h.Power[a.Region]
	c := change{what: "the replica in " + a.Region, ask: replica.Ask,
		intent: replica.Starting(), do: replica.Kill, undo: replica.Start}
	if f.Mode == modePause {
		c.intent, c.do, c.undo = replica.Unpausing(), replica.Pause, replica.Unpause
	}
	killed, err := pull(ctx, a, back, c)
	if err != nil || f.Mode != modeRestart {
		return killed, err
	}
	return restarted{killed}, replica.Start(ctx)
}

// restarted is a process that runs again: nothing of its fault stays in force.
type restarted struct{ harness.Injection }

// Verify has nothing to look at.
func (restarted) Verify(context.Context) ([]harness.Sighting, error) { return nil, nil }
