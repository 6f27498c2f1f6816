package probes

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
)

// frame is what kinds of probes have in common whose people try home and may go to another Region, in one way.
type frame[S harness.WayElsewhere] struct {
	Steer S `yaml:"steer" doc:"what a person does whom home doesn't serve"`

	world *harness.World
}

// Needs nothing but this process.
func (f *frame[S]) Needs() []string { return nil }

// Problems of its settings.
func (f *frame[S]) Problems(t harness.Topology) []harness.Problem {
	return f.Steering().Problems(t, f.Steer.Way())
}

// Steering is what a person does whom home doesn't serve.
func (f *frame[S]) Steering() harness.Steer { return harness.Steer(f.Steer) }

// Open keeps the world.
func (f *frame[S]) Open(_ context.Context, world *harness.World) error {
	f.world = world
	return nil
}

// Close has nothing to close.
func (f *frame[S]) Close() error { return nil }

// person has a session and connections of their own, which done ends.
func (f *frame[S]) person(a *harness.Attempt) (u *person, done func(), err error) {
	transport := newTransport(f.world, a.From)
	u, err = newPerson(f.world, a, transport)
	return u, transport.CloseIdleConnections, err
}

// try lets a new person try home and, where they steer, after a while go elsewhere.
func (f *frame[S]) try(
	ctx context.Context, a *harness.Attempt, home, elsewhere func(context.Context, *person) *failure,
) error {
	u, done, err := f.person(a)
	if err != nil {
		return err
	}
	defer done()
	u.steer(ctx, f.Steering(), func(ctx context.Context) *failure { return home(ctx, u) },
		func(ctx context.Context) *failure { return elsewhere(ctx, u) })
	return nil
}

// outset is the frame of people who say at which address they start.
type outset[S harness.WayElsewhere] struct {
	frame[S] `yaml:",inline"`
	Start    string `yaml:"start" enum:"portal,vanity" doc:"where a person starts: at the portal of their home Region, or at the vanity domain (system.vanity), which leads them to the primary's as long as that is well"`
}

// Problems of its settings.
func (o *outset[S]) Problems(t harness.Topology) []harness.Problem {
	return append(harness.StartProblems(o.Start, t), o.frame.Problems(t)...)
}

// begins is the address at which a person starts.
func (o *outset[S]) begins(a *harness.Attempt) string { return o.world.Start(o.Start, a.Home) }

// atPortal is that of people who start at their home Region's portal.
func atPortal[S harness.WayElsewhere](steer S) outset[S] {
	return outset[S]{frame: frame[S]{Steer: steer}, Start: harness.StartPortal}
}
