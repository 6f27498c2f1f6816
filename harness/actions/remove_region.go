package actions

import (
	"context"
	"fmt"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// RemoveRegion is what an administrator does who takes a Region out of the instance, with all who are there
// (RemoveRegion of the IAM Identity Center API Reference). It is done when the Region is gone. The primary can't be
// removed, and only the primary can be asked: either is refused, which is data.
type RemoveRegion struct {
	Region string `yaml:"region" form:"region" required:"true" doc:"a Region of the instance"`
	asks   `yaml:",inline"`
}

// Aim takes a Region.
func (a *RemoveRegion) Aim(s harness.Scope) (harness.Aim, []harness.Problem) {
	return harness.Aim{Summary: a.Region + " is taken out of the instance" + a.asked(), Region: a.Region,
		Place: a.place(s)}, append(aim.Region("region", a.Region, s), a.problems(s)...)
}

// Do removes it and waits until it is gone. The undo adds it again, where it was this action that removed it.
func (a *RemoveRegion) Do(
	ctx context.Context, h *harness.Handles, on harness.Aim, back *rollback.Stack,
) (rollback.Undo, error) {
	return a.does(back, on.Place, func(asked harness.Asked) error {
		if err := h.Instance.RemoveRegion(ctx, asked, on.Region); err != nil {
			return fmt.Errorf("removing %s: %w", on.Region, err)
		}
		return nil
	}, func(ctx context.Context) error { return h.Instance.PutIn(ctx, on.Region) })
}
