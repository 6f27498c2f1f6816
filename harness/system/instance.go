package system

import (
	"context"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// instanceHandle is the handle on the Identity Center instance, as its administrator has it in the primary Region: a
// harness.Instance.
type instanceHandle struct{ primary control.Caller }

// AddRegion replicates the instance to another Region, and waits until that is ACTIVE.
func (i *instanceHandle) AddRegion(ctx context.Context, region string) error {
	return i.primary.Call(ctx, "add_region", region, nil)
}

// RemoveRegion takes a Region out of the instance, and waits until it is gone.
func (i *instanceHandle) RemoveRegion(ctx context.Context, region string) error {
	return i.primary.Call(ctx, "remove_region", region, nil)
}
