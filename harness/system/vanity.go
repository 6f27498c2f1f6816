package system

import (
	"context"
	"errors"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/vanity"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// vanity puts the vanity domain up, where the topology has one: a redirector in each of the instance's Regions, the
// name that leads to them, and the health checks. Its health checkers and its DNS stand in no Region, as Route 53's
// don't, so that they outlive each; what lies between them and the primary is the network's.
func (p *parts) vanity() error {
	set := p.Topology.Vanity
	handle := &vanityHandle{}
	if p.System.Handles.Vanity = handle; set.Host == "" {
		return nil
	}
	config := vanity.Config{Host: set.Host, Regions: p.Topology.Enabled(), Portals: map[string]string{},
		Classic:    "https://" + p.Instance.ClassicPortalHost() + "/",
		CheckEvery: set.CheckEvery, UnhealthyAfter: set.UnhealthyAfter, TTL: set.TTL}
	for _, region := range config.Regions {
		config.Portals[region] = p.Instance.PortalURL(region)
	}
	handle.domain = vanity.New(config, p.fresh(names.GlobalPlace))
	var hosts []string
	for _, region := range config.Regions {
		host := names.VanityHost(region, set.Host)
		if err := p.Serve(host, region, names.VanityService, handle.domain.Redirector(region)); err != nil {
			return err
		}
		hosts = append(hosts, host)
	}
	if err := p.Fabric.Alias(set.Host, hosts, handle.domain.Answer); err != nil {
		return err
	}
	p.located[set.Host] = harness.Location{Place: names.GlobalPlace, Service: names.VanityService}
	p.System.World.Vanity = "https://" + set.Host + "/"
	p.System.Notices = func(tell func(mark string)) {
		handle.domain.Noticed(func(unhealthy bool) {
			if unhealthy { // it is its own to decide, too
				tell(history.MarkerDetected)
				tell(history.MarkerDecided)
			}
		})
	}
	return p.check(handle.domain)
}

// check lets the health checks run until the way back.
func (p *parts) check(domain *vanity.Domain) error {
	ctx, stop := context.WithCancel(context.Background())
	var checks sync.WaitGroup
	if _, err := p.back.Push(rollback.Intent{}, func(context.Context) error {
		stop()
		checks.Wait()
		return nil
	}); err != nil {
		stop()
		return err
	}
	checks.Go(func() { domain.Check(ctx) })
	return nil
}

// vanityHandle is the handle on the vanity domain: a harness.Vanity.
type vanityHandle struct {
	domain *vanity.Domain // nil where there is none
}

var errNoVanity = errors.New("the system has no vanity domain")

// GetWrong lets it have a flaw.
func (v *vanityHandle) GetWrong(_ context.Context, name, mode string) error {
	if v.domain == nil {
		return errNoVanity
	}
	return v.domain.GetWrong(name, mode)
}

// Mend takes it back.
func (v *vanityHandle) Mend(_ context.Context, name string) error {
	if v.domain != nil {
		v.domain.Mend(name)
	}
	return nil
}

// Try tells how it would act.
func (v *vanityHandle) Try(context.Context) (harness.VanityTrial, error) {
	if v.domain == nil {
		return harness.VanityTrial{}, errNoVanity
	}
	return harness.VanityTrial(v.domain.Try()), nil
}
