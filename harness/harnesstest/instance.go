package harnesstest

import (
	"context"
	"slices"
	"sync"
)

// Instance is an instance of Identity Center of its handle only.
type Instance struct {
	Refuses error // what AddRegion answers, where it is not to work

	mu    sync.Mutex
	added []string
}

// AddRegion adds one.
func (i *Instance) AddRegion(_ context.Context, _, region string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.Refuses == nil {
		i.added = append(i.added, region)
	}
	return i.Refuses
}

// RemoveRegion removes one, which need not be there.
func (i *Instance) RemoveRegion(_ context.Context, region string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.added = slices.DeleteFunc(i.added, func(r string) bool { return r == region })
	return nil
}

func (i *Instance) regions() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]string{}, i.added...)
}
