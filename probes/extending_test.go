package probes

import (
	"context"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/history"
)

// SecondTry are people who sign in, and who try once more where they aren't let in.
type SecondTry struct {
	Pause time.Duration `yaml:"pause" min:"0s" max:"1m" doc:"how long they wait before they try again"`

	world *harness.World
}

// Journey of its people: they sign in.
func (p *SecondTry) Journey() history.Journey { return history.SignIn }

// Needs nothing but this process.
func (p *SecondTry) Needs() []string { return nil }

// Open keeps the world.
func (p *SecondTry) Open(_ context.Context, w *harness.World) error {
	p.world = w
	return nil
}

// Close has nothing to close.
func (p *SecondTry) Close() error { return nil }

// Try signs in at home, twice at most. It ends with ctx, and says in a what came of it.
func (p *SecondTry) Try(ctx context.Context, a *harness.Attempt) error {
	transport := newTransport(p.world, a.From)
	defer transport.CloseIdleConnections()
	u, err := newPerson(p.world, a, transport)
	if err != nil {
		return err
	}
	failed := u.signIn(ctx, p.world.Portal(a.Home))
	if failed != nil && ctx.Err() == nil {
		u.wait(ctx, time.Now().Add(p.Pause))
		failed = u.signIn(ctx, p.world.Portal(a.Home))
	}
	u.conclude(ctx, failed)
	return nil
}

// The probe of docs/extending.md is one.
func TestTheProbeOfThePage(t *testing.T) {
	for _, kind := range []harness.ProbeKind{
		{Name: "second_try", Doc: "a person signs in through SAML, and tries once more where that fails",
			New: func() harness.Probe { return &SecondTry{Pause: time.Second} }},
	} {
		harnesstest.Probe(t, kind)
	}
}
