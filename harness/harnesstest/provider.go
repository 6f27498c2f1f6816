package harnesstest

import (
	"context"
	"slices"
	"sync"
)

// Provider is an identity provider of its handle only.
type Provider struct {
	Refuses error // what SetACS answers, where it is not to work

	mu  sync.Mutex
	acs []string
}

// ACS are the Regions whose assertion consumer service is registered.
func (p *Provider) ACS(context.Context) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.acs), nil
}

// SetACS registers these in place of the present ones.
func (p *Provider) SetACS(_ context.Context, regions []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Refuses == nil {
		p.acs = slices.Clone(regions)
	}
	return p.Refuses
}
