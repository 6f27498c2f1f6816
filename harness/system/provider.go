package system

import (
	"context"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// provider is the handle on the identity provider: a harness.Provider.
type provider struct {
	design *Design
	idp    control.Caller

	mu  sync.Mutex
	acs []string // Regions
}

// ACS are the Regions whose assertion consumer service is registered, the default first.
func (p *provider) ACS(context.Context) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.acs), nil
}

// SetACS registers these in place of the present ones.
func (p *provider) SetACS(ctx context.Context, regions []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.idp.Call(ctx, "acs", p.design.acs(regions), nil); err != nil {
		return err
	}
	p.acs = slices.Clone(regions)
	return nil
}
