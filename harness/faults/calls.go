package faults

import (
	"context"
	"errors"
	"strconv"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// layCalls puts a rule on calls in force. It dies with this process, so no other needs to know how to undo it.
func (l *laid) layCalls(ctx context.Context, hit harness.Hit, rule harness.APIRule, back *rollback.Stack) (rollback.Undo, error) {
	rule.Name, rule.Calls, rule.Edges, rule.Lease = hit.Fault, hit.Calls, hit.Edges, hit.Lease
	return l.push(hit, back, func() (harness.Laid, error) { return hit.API.LayAPI(ctx, rule) })
}

// needsCalls is what every fault of calls needs.
func needsCalls(can harness.Capabilities) error {
	if len(can.API) == 0 {
		return errors.New("it can't lay rules on calls of APIs")
	}
	return nil
}

// share says of which calls a fault with odds is one: "half of the calls" is "0.5 of the calls".
func share(odds float64) string {
	if odds >= 1 {
		return "every call"
	}
	return strconv.FormatFloat(odds, 'g', -1, 64) + " of the calls"
}
