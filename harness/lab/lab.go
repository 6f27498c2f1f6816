// Package lab puts the whole system up in this process: two or more Regions of IAM Identity Center, an identity
// provider and KMS, all behind the fabric. No Docker, no root, no network; usable from go test by StartTest. Its design and its site
// are also those of systems that run elsewhere.
package lab

import (
	"context"
	"fmt"
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// Lab is a system that stands.
type Lab struct {
	*system.Site
	Replicas map[string]*identitycenter.Replica // by Region
	IdP      *idp.IdP
	KMS      *kms.Service      // nil where an emulator plays it
	Keys     map[string]string // the ARNs of the key's replicas, by Region
}

// Option changes how a lab is put up.
type Option func(*Lab)

// Wrapped puts something around every handler: to see what passes.
func Wrapped(wrap func(http.Handler) http.Handler) Option { return func(l *Lab) { l.Wrap = wrap } }

// Start puts a lab up. What it starts is pushed on back first, so a half-made lab goes down like a whole one.
func Start(ctx context.Context, t harness.Topology, back *rollback.Stack, options ...Option) (*Lab, error) {
	signer := system.NewSigner() // the slowest part, so it begins first
	site, err := system.NewSite(system.NewDesign(t), back)
	if err != nil {
		return nil, fmt.Errorf("starting the lab: %w", err)
	}
	l := &Lab{Site: site, Replicas: map[string]*identitycenter.Replica{}}
	for _, option := range options {
		option(l)
	}
	for _, step := range []func() error{func() error { return l.keys(ctx, back) }, func() error { return l.provider(signer) }, func() error { return l.regions(ctx, back) }} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("starting the lab: %w", err)
		}
	}
	return l, nil
}

// keys puts KMS up and makes the key in it.
func (l *Lab) keys(ctx context.Context, back *rollback.Stack) error {
	embedded := func(region string) http.Handler { return l.KMS.Handler(region) }
	l.KMS = kms.New(l.Design.KMS())
	err := l.ServeKMS(back, embedded)
	if err != nil {
		return err
	}
	if l.System.Backend != nil {
		l.KMS = nil
	}
	l.Keys, err = l.MakeKey(ctx, back)
	return err
}

// provider starts the identity provider.
func (l *Lab) provider(signer func() (*pki.Signer, error)) error {
	made, err := signer()
	if err != nil {
		return err
	}
	if l.IdP, err = idp.New(l.Design.IdP(made)); err != nil {
		return fmt.Errorf("starting the identity provider: %w", err)
	}
	l.System.Provider = l.NewProvider(func(_ context.Context, acs []idp.ACS) error { return l.IdP.SetACS(acs) })
	return l.Serve(names.OktaHost, names.IdPPlace, "idp", l.IdP)
}

// regions starts a replica in each Region and waits until all hold the directory.
func (l *Lab) regions(ctx context.Context, back *rollback.Stack) error {
	for i, region := range l.Topology.Regions() {
		config := l.Design.Replica(i, system.Trust(l.IdP.EntityID(), l.IdP.SSOURL(), l.IdP.Certificate()), l.Keys[region])
		config.HTTP = l.Client(region) // all that it asks for leaves from its own place
		config.KMS = system.KMSClient(region, config.HTTP)
		replica, err := identitycenter.New(config)
		if err != nil {
			return err
		}
		l.Replicas[region] = replica
		if _, err := back.Push(rollback.Intent{}, func(context.Context) error { return replica.Close() }); err != nil {
			return err
		}
		for host, handler := range replica.Handlers() {
			if err := l.Serve(host, region, l.Service(region, host), handler); err != nil {
				return err
			}
		}
		if err := replica.Start(ctx); err != nil {
			return err
		}
	}
	primary := l.Replicas[l.Topology.Primary]
	if err := primary.Put(ctx, l.Directory); err != nil {
		return err
	}
	for region, replica := range l.Replicas {
		if err := replica.WaitVersion(ctx, primary.Version()); err != nil {
			return fmt.Errorf("waiting for the directory in %s: %w", region, err)
		}
	}
	return nil
}
