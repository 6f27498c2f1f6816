package actions

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// PolicyRestore is what an operator does who finds a Region's replica of the key with a policy that keeps Identity
// Center out: they put back the one that the replica was made with.
type PolicyRestore struct {
	Region string `yaml:"region" form:"region" required:"true" doc:"the Region whose replica gets its policy back"`
}

// Needs the key.
func (*PolicyRestore) Needs() []string { return []string{"key"} }

// Aim takes a Region's key.
func (a *PolicyRestore) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	return harness.Aim{Summary: "the key in " + a.Region + " gets its policy back", Region: a.Region, Repairs: true},
		aim.Region("region", a.Region, s)
}

// Do puts it back.
func (*PolicyRestore) Do(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	return kept(back, func() error { return h.Key[a.Region].SetPolicy(ctx, h.Key[a.Region].FirstPolicy()) })
}
