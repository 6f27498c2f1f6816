package harnesstest

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/harness"
)

// Instance is an instance of Identity Center of its handle only.
type Instance struct {
	Refuses error // what AddRegion and RemoveRegion answer, where they are not to work

	mu  sync.Mutex
	has map[string]bool // nil: Elsewhere alone, beside the primary
}

// AddRegion adds one.
func (i *Instance) AddRegion(ctx context.Context, _ harness.Asked, region string) error {
	if i.Refuses != nil {
		return i.Refuses
	}
	return i.PutIn(ctx, region)
}

// RemoveRegion removes one.
func (i *Instance) RemoveRegion(ctx context.Context, _ harness.Asked, region string) error {
	if i.Refuses != nil {
		return i.Refuses
	}
	return i.TakeOut(ctx, region)
}

// TakeOut removes one, which need not be there.
func (i *Instance) TakeOut(_ context.Context, region string) error { return i.set(region, false) }

// PutIn adds one, which may be there.
func (i *Instance) PutIn(_ context.Context, region string) error { return i.set(region, true) }

func (i *Instance) set(region string, there bool) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.has == nil {
		i.has = map[string]bool{Elsewhere: true}
	}
	i.has[region] = there
	return nil
}

func (i *Instance) regions() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.has == nil {
		return []string{Elsewhere}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(i.has)), func(r string) bool { return !i.has[r] })
}
