package faults

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// needs names the handles of a kind of fault.
type (
	network struct{}
	power   struct{}
	attach  struct{}
)

func (network) Needs() []string { return []string{"network"} }
func (power) Needs() []string   { return []string{"power"} }
func (attach) Needs() []string  { return []string{"attach"} }

// laid is a rule of the network in force.
type laid struct {
	harness.Laid
	undo rollback.Undo
}

// lay puts a rule with this effect in force on what is aimed at. The rule dies with this process, so no other needs to
// know how to undo it.
func lay(
	ctx context.Context, h *harness.Handles, a harness.Aim, effect harness.Effect, back *rollback.Stack,
) (harness.Injection, error) {
	rule := harness.Rule{Name: a.Name, Edges: a.Edges, Calls: a.Calls, Effect: effect, Lease: a.Lease}
	if a.Service != "" {
		if rule.Hosts = h.Hosts(a.Place, a.Service); len(rule.Hosts) == 0 { // a rule without any hits all
			return nil, fmt.Errorf("laying the rule of %s: no name of %s is served at %s", a.Name, a.Service, a.Place)
		}
	}
	l := &laid{}
	var err error
	if l.undo, err = back.Push(rollback.Intent{}, l.lift); err != nil {
		return nil, err
	}
	if l.Laid, err = h.Network.Lay(ctx, rule); err != nil {
		return nil, fmt.Errorf("laying the rule of %s: %w", a.Name, err)
	}
	return l, nil
}

func (l *laid) lift(context.Context) error {
	if l.Laid != nil {
		l.Lift()
	}
	return nil
}

// Undo lifts the rule.
func (l *laid) Undo(ctx context.Context) error { return l.undo(ctx) }

// Expired tells whether the network has lifted the rule by itself.
func (l *laid) Expired() (at time.Time, expired bool) {
	_, at, expired = l.Truth()
	return at, expired
}

// share says of which calls a fault with odds is one: "half of the calls" is "0.5 of the calls".
func share(odds float64) string {
	if odds >= 1 {
		return "every call"
	}
	return strconv.FormatFloat(odds, 'g', -1, 64) + " of the calls"
}
