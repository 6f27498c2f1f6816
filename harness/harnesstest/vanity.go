package harnesstest

import (
	"context"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/harness"
)

// Vanity is a vanity domain of its handle only.
type Vanity struct {
	Refuses error // what GetWrong answers, where it is not to work

	mu    sync.Mutex
	flaws []vanityFlaw
}

type vanityFlaw struct{ name, mode string }

// GetWrong lets it be wrong.
func (v *Vanity) GetWrong(_ context.Context, name, mode string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.Refuses == nil {
		v.flaws = append(v.flaws, vanityFlaw{name, mode})
	}
	return v.Refuses
}

// Mend takes it back.
func (v *Vanity) Mend(_ context.Context, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.flaws = slices.DeleteFunc(v.flaws, func(f vanityFlaw) bool { return f.name == name })
	return nil
}

// Try is wrong in the ways of its flaws.
func (v *Vanity) Try(ctx context.Context) (harness.VanityTrial, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := harness.VanityTrial{Follows: true, SeesFailure: true, RedirectsOnce: true}
	for _, f := range v.flaws {
		t.Flaws = append(t.Flaws, f.name)
		switch f.mode {
		case "stale":
			t.Follows = false
		case "green_while_red":
			t.SeesFailure = false
		case "two_hops":
			t.RedirectsOnce = false
		}
	}
	return t, ctx.Err()
}

// Revive is somebody else who mends it all.
func (v *Vanity) Revive() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.flaws = nil
}

// left is how many flaws there are.
func (v *Vanity) left() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.flaws)
}
