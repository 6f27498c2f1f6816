package faults

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The modes of a fault of a key that are rules of the network: the key is as it was, and who needs it doesn't get it.
const (
	modeThrottled   = "throttled"
	modeUnreachable = "unreachable"
)

// byRule tells whether a mode is a rule of the network.
func (f *KMSKey) byRule() bool { return f.Mode == modeThrottled || f.Mode == modeUnreachable }

// ruleAim takes what the Region itself asks KMS. Other Regions, and tools elsewhere, get at the same key.
func (f *KMSKey) ruleAim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Key(w, s)
	if a.Service = "kms"; f.Mode == modeThrottled {
		a.Service, a.Calls = "", &harness.Calls{Region: a.Region, Service: "kms", From: a.Region}
	}
	a.Summary = "KMS in " + a.Region + " is " + f.Mode + " for the Region's own services"
	return a, problems
}

// lay puts the rule in force.
func (f *KMSKey) lay(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	effect := harness.Effect{Answer: harness.Answer{Throttle: true}}
	if f.Mode == modeUnreachable {
		effect = cut(modeBlackhole, true)
	}
	return lay(ctx, h, a, effect, back)
}
