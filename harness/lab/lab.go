// Package lab puts the whole system up in this process: two or more Regions of IAM Identity Center, an identity
// provider and KMS, all behind the fabric. No Docker, no root, no network; usable from go test by StartTest.
package lab

import (
	"context"
	"fmt"
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// Lab is a system that stands in this process.
type Lab struct{ *system.Site }

// Option changes how a lab is put up.
type Option func(*system.Site)

// Wrapped puts something around every handler: to see what passes.
func Wrapped(wrap func(http.Handler) http.Handler) Option {
	return func(s *system.Site) { s.Wrap = wrap }
}

// Start puts a lab up. What it starts is pushed on back first, so a half-made lab goes down like a whole one.
func Start(ctx context.Context, t harness.Topology, back *rollback.Stack, options ...Option) (*Lab, error) {
	site, err := system.Provision(ctx, t, here{}, back, func(s *system.Site) {
		for _, option := range options {
			option(s)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("starting the lab: %w", err)
	}
	site.System.Visits = site.Visits
	return &Lab{site}, nil
}

// here runs fakes in this process.
type here struct{}

// Up makes a fake; a replica asks others from its own place.
func (here) Up(_ context.Context, s *system.Site, kind, place string, back *rollback.Stack) (control.Fake, error) {
	switch kind {
	case system.FakeIdP:
		return idp.NewServer(idp.Deps{}), nil
	case system.FakeKMS:
		return kms.NewServer(kms.Deps{}), nil
	}
	replica := identitycenter.NewServer(identitycenter.Deps{HTTP: s.Client(place)})
	_, err := back.Push(rollback.Intent{}, func(context.Context) error { return replica.Close() })
	return replica, err
}

// Way is none: they have it by Up.
func (here) Way(*system.Site, string) (identitycenter.Way, error) { return identitycenter.Way{}, nil }
