package faults

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Throttle makes an API say that it is called too often, each service as AWS's does: KMS with 400 ThrottlingException,
// the access portal's API with 429 TooManyRequestsException.
type Throttle struct {
	laid
	Odds float64 `yaml:"odds" min:"0.001" max:"1" doc:"the share of calls that are refused, drawn anew for each"`
}

func newThrottle() harness.Fault { return &Throttle{Odds: 1} }

// Needs says why a target can't carry it.
func (f *Throttle) Needs(can harness.Capabilities) error { return needsCalls(can) }

// Summary of it.
func (f *Throttle) Summary() string { return "throttling for " + share(f.Odds) }

// Inject lays the rule.
func (f *Throttle) Inject(ctx context.Context, hit harness.Hit, back *rollback.Stack) (rollback.Undo, error) {
	return f.layCalls(ctx, hit, harness.APIRule{Answer: harness.Throttle, Odds: f.Odds}, back)
}
