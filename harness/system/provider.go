package system

import (
	"context"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/idp"
)

// provider is the handle on the identity provider: a harness.Provider.
type provider struct {
	design *Design
	set    func(ctx context.Context, acs []idp.ACS) error

	mu  sync.Mutex
	acs []string // Regions
}

// NewProvider is the handle on a provider that was set up as the design says; set tells it its ACS.
func (d *Design) NewProvider(set func(ctx context.Context, acs []idp.ACS) error) *provider {
	return &provider{design: d, set: set, acs: d.Topology.IdP.ACS}
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
	if err := p.set(ctx, p.design.acs(regions)); err != nil {
		return err
	}
	p.acs = slices.Clone(regions)
	return nil
}
