package system

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The kinds of fakes that a system is made of.
const (
	FakeReplica = "replica" // of Identity Center, one a Region
	FakeIdP     = "idp"
	FakeKMS     = "kms"
)

// Host runs the parts of a system, in this process or in others.
type Host interface {
	// Up starts a fake of the kind in a place. It knows nothing until it is configured. What it starts it pushes on back
	// first. It is called for all parts at once.
	Up(ctx context.Context, s *Site, kind, place string, back *rollback.Stack) (control.Fake, error)
	// Way is how what a replica in a place asks for leaves; empty where the fake knows by itself.
	Way(s *Site, place string) (identitycenter.Way, error)
}

// parts of a system that run.
type parts struct {
	*Site
	host Host
	back *rollback.Stack

	mu       sync.Mutex
	replicas map[string]control.Fake // by Region
	idp, kms control.Fake            // nil where an external provider, or an emulator, plays it
}

// Provision makes a system of the topology on the host. What it starts is pushed on back first, so a half-made system
// goes down like a whole one. set may change the site before anything is served on it; nil: nobody does.
func Provision(
	ctx context.Context, t harness.Topology, host Host, back *rollback.Stack, set func(*Site),
) (*Site, error) {
	bits := pki.Bits
	if t.Virtual {
		bits = pki.FewBits
	}
	signer := NewSigner(bits) // the slowest part, so it begins first
	site, err := NewSite(NewDesign(t), back)
	if err != nil {
		return nil, err
	}
	if set != nil {
		set(site)
	}
	p := &parts{Site: site, host: host, back: back, replicas: map[string]control.Fake{}}
	if err := p.up(ctx); err != nil {
		return nil, err
	}
	if err := p.keys(ctx); err != nil {
		return nil, err
	}
	made, err := signer()
	if err != nil {
		return nil, err
	}
	trust, err := p.provider(ctx, made)
	if err != nil {
		return nil, err
	}
	if err := p.regions(ctx, trust); err != nil {
		return nil, err
	}
	if err := p.console(); err != nil {
		return nil, err
	}
	if err := p.vanity(); err != nil {
		return nil, err
	}
	site.System.Roots = site.CA.Acquainted()
	return site, nil
}

// console puts up the sign-in to AWS's console, which is in no Region.
func (p *parts) console() error {
	for host, handler := range identitycenter.Console(p.Instance, nil) {
		if err := p.Serve(host, names.GlobalPlace, names.ConsoleService, handler); err != nil {
			return err
		}
	}
	return nil
}

// up starts all parts at once. Its error is the first that isn't for the others' sake.
func (p *parts) up(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var starting sync.WaitGroup
	start := func(kind, place string, keep func(control.Fake)) {
		starting.Go(func() {
			var f control.Fake
			err := harness.Guard("a target", func() (err error) {
				f, err = p.host.Up(ctx, p.Site, kind, place, p.back)
				return err
			})
			if err != nil {
				cancel(err) // the others needn't go on
				return
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			keep(f)
		})
	}
	for _, region := range p.Topology.Regions() {
		start(FakeReplica, region, func(f control.Fake) { p.replicas[region] = f })
	}
	if p.Topology.IdP.External == nil {
		start(FakeIdP, names.IdPPlace, func(f control.Fake) { p.idp = f })
	}
	if !p.emulated() {
		start(FakeKMS, FakeKMS, func(f control.Fake) { p.kms = f })
	}
	starting.Wait()
	return context.Cause(ctx)
}

// emulated tells whether KMS is played by something else than a fake of ours.
func (d *Design) emulated() bool {
	b := d.Topology.KMS.Backend
	return b != "" && b != KMSEmbedded
}

// keys puts KMS up and makes the key in it.
func (p *parts) keys(ctx context.Context) error {
	if p.kms != nil {
		if err := p.kms.Call(ctx, "configure", kms.Setup{Config: p.KMS(), Regions: p.Topology.Regions()}, nil); err != nil {
			return fmt.Errorf("starting KMS: %w", err)
		}
	}
	if err := p.serveKMS(p.kms, p.back); err != nil {
		return err
	}
	return p.makeKey(ctx, p.back)
}

// provider sets the identity provider up, and tells what Identity Center must know of it.
func (p *parts) provider(ctx context.Context, signer *pki.Signer) (identitycenter.IdPTrust, error) {
	if external := p.Topology.IdP.External; external != nil {
		return p.external(external)
	}
	var said idp.Metadata
	if err := p.idp.Call(ctx, "configure", p.IdP(signer), &said); err != nil {
		return identitycenter.IdPTrust{}, fmt.Errorf("starting the identity provider: %w", err)
	}
	p.System.Provider = &provider{design: p.Design, idp: p.idp, acs: p.Topology.IdP.ACS}
	p.System.Flaws = &flaws{design: p.Design, idp: p.idp, replicas: p.replicas, imported: map[string]bool{}}
	trust := identitycenter.IdPTrust{
		EntityID: said.EntityID, SSOURL: said.SSOURL, Certificates: pki.Certificates{signer.Cert},
	}
	return trust, p.Serve(said.Host, names.IdPPlace, "idp", p.idp)
}

// caller is the provider as it is told what to do; nil where it is an external one.
func (p *parts) caller() control.Caller {
	if p.idp == nil {
		return nil
	}
	return p.idp
}

// regions sets the replicas up and waits until all hold the directory.
func (p *parts) regions(ctx context.Context, trust identitycenter.IdPTrust) error {
	p.System.Instance = &instanceHandle{p.Site, p.replicas[p.Topology.Primary]}
	p.System.Access = newAccess(p.Site, p.caller(), p.replicas)
	p.System.Streams = newStreams(p.replicas)
	clocks := clocks{}
	p.System.Clocks, p.System.Sessions = clocks, map[string]harness.Sessions{}
	for region, r := range p.replicas {
		clocks[region], p.System.Sessions[region] = r, sessions{r}
	}
	if p.idp != nil {
		clocks[names.IdPPlace] = p.idp
	}
	for i, region := range p.Topology.Regions() {
		if err := p.configure(ctx, i, region, trust); err != nil {
			return err
		}
	}
	for region, r := range p.replicas { // each listens before any sends
		if err := r.Call(ctx, "start", control.None{}, nil); err != nil {
			return fmt.Errorf("starting identity center in %s: %w", region, err)
		}
	}
	primary := p.Topology.Primary
	var first identitycenter.Position
	if err := p.replicas[primary].Call(ctx, "put", p.Directory, &first); err != nil {
		return fmt.Errorf("filling the directory in %s: %w", primary, err)
	}
	for _, region := range p.Topology.Enabled() {
		if err := p.wait(ctx, region, p.replicas[region], first); err != nil {
			return err
		}
	}
	return p.applications(ctx)
}

// applications connects each to its Region, and waits until all portals show it.
func (p *parts) applications(ctx context.Context) error {
	made := make([]identitycenter.Position, len(p.Topology.Applications))
	for i, a := range p.Topology.Applications {
		set := identitycenter.AppSettings{ID: fmt.Sprintf("apl-%016x", i+1), Name: a.Name}
		if err := p.replicas[a.Region].Call(ctx, "connect", set, &made[i]); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("connecting the application %s to %s: %w", a.Name, a.Region, err)
			}
			p.System.Notes = append(p.System.Notes, // as where its key may not be used
				fmt.Sprintf("the application %s could not be connected to %s: %v", a.Name, a.Region, err))
		}
	}
	for _, position := range made {
		for _, region := range p.Topology.Enabled() {
			if err := p.wait(ctx, region, p.replicas[region], position); err != nil {
				return err
			}
		}
	}
	return nil
}

// replicationLimit is how long the directory may take to an additional Region before the drill goes on without.
const replicationLimit = 10 * time.Second

// wait until a replica holds the directory. One that never will is legal at AWS and foolish, as where its key policy
// forgets a service: the drill shows what its people meet, and a note says so.
func (p *parts) wait(ctx context.Context, region string, r control.Fake, first identitycenter.Position) error {
	waiting, cancel := context.WithTimeout(ctx, replicationLimit)
	defer cancel()
	err := r.Call(waiting, "wait", first, nil)
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case waiting.Err() != nil:
		p.System.Notes = append(p.System.Notes, fmt.Sprintf("%s did not get the directory within %v: "+
			"may Identity Center and Identity Store both use the key there?", region, replicationLimit))
		return nil
	}
	return fmt.Errorf("waiting for the directory in %s: %w", region, err)
}

// configure tells the i-th Region's replica what it is, and puts its names up.
func (p *parts) configure(ctx context.Context, i int, region string, trust identitycenter.IdPTrust) error {
	config := p.Replica(i, trust, p.Keys[region])
	way, err := p.host.Way(p.Site, region)
	if err != nil {
		return err
	}
	config.Way = way
	var hosts map[string]string
	if err := p.replicas[region].Call(ctx, "configure", config, &hosts); err != nil {
		return fmt.Errorf("starting identity center in %s: %w", region, err)
	}
	for host, service := range hosts {
		if err := p.Serve(host, region, service, p.replicas[region]); err != nil {
			return err
		}
	}
	return nil
}
