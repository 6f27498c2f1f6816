package actions

import (
	"context"
	"fmt"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// ACSSwap is what an operator does whose identity provider takes a single ACS URL: in the application's settings they
// put that of another Region in place of the one that is there. People who start at the old Region are refused from
// then on.
type ACSSwap struct {
	To string `yaml:"to" form:"region" required:"true" doc:"the Region whose ACS URL is the only one registered from now on"`
}

// Needs the identity provider.
func (*ACSSwap) Needs() []string { return []string{"provider"} }

// Aim takes the identity provider. A Region whose ACS is the only one already is none the less one to swap to: another
// swap may have come before.
func (a *ACSSwap) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	return harness.Aim{Summary: "the only ACS that the identity provider knows is that of " + a.To, Region: a.To},
		aim.Region("to", a.To, s)
}

// Do registers it. What was registered before is put back by the undo, whatever somebody else has made of it meanwhile:
// the provider is the run's own, and dies with it where its process does.
func (a *ACSSwap) Do(
	ctx context.Context, h *harness.Handles, at harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	before, err := h.Provider.ACS(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the identity provider for its ACS: %w", err)
	}
	undo, err := back.Push(rollback.Intent{}, func(ctx context.Context) error {
		return h.Provider.SetACS(ctx, before)
	})
	if err != nil {
		return nil, err
	}
	if err := h.Provider.SetACS(ctx, []string{at.Region}); err != nil {
		return undo, fmt.Errorf("registering the ACS of %s: %w", at.Region, err)
	}
	return undo, nil
}
