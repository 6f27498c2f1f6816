package actions

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// KeyEnable is what an operator does who finds a Region's replica of the key disabled, or pending deletion: they cancel
// the deletion and enable it. What a fault did to it is over then, and stays so.
type KeyEnable struct {
	Region string `yaml:"region" form:"region" required:"true" doc:"the Region whose replica is enabled"`
}

// Needs the key.
func (*KeyEnable) Needs() []string { return []string{"key"} }

// Aim takes a Region's key.
func (a *KeyEnable) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	return harness.Aim{Summary: "the key in " + a.Region + " is enabled", Region: a.Region, Repairs: true},
		aim.Region("region", a.Region, s)
}

// Do enables it.
func (*KeyEnable) Do(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	return kept(back, func() error { return h.Key[a.Region].CancelDeletion(ctx) })
}
