package faults

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// throttleCases are its contract: who needs the API is told to come later.
var throttleCases = []harness.Case{
	{Where: harness.Where{Service: "portal_api"},
		Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassThrottled, harness.OfThePortal...)}},
	{Where: harness.Where{Service: "kms"}, Breaks: append(throttledKey, sealed)},
}

// Throttle makes an API say that it is called too often, each service as AWS's does: KMS with 400 ThrottlingException,
// the access portal's API with 429 TooManyRequestsException.
type Throttle struct {
	network
	Odds float64 `yaml:"odds" min:"0.001" max:"1" doc:"the share of calls that are refused, drawn anew for each"`
}

// Aim takes calls of an API.
func (f *Throttle) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Calls(w, s)
	a.Summary = "throttling for " + share(f.Odds) + " of " + a.Summary
	return a, problems
}

// Inject lays the rule.
func (f *Throttle) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, harness.Effect{Answer: harness.Answer{Throttle: true, Odds: f.Odds}}, back)
}
