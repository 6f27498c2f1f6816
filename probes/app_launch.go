package probes

import (
	"context"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// AppLaunch are people who sign in and start an application by its tile. Whatever Region's portal shows it, it begins
// in the Region that it is connected to: while that is dark, who goes to another portal sees the tile and gets nowhere.
type AppLaunch struct {
	Application string                `yaml:"application" required:"true" example:"Wiki" doc:"the name of one of system.applications"`
	Steer       harness.BookmarkSteer `yaml:"steer" doc:"what a person does who can't start it at home"`

	world *harness.World
}

// NewAppLaunch has people who don't steer.
func NewAppLaunch() harness.Probe {
	return &AppLaunch{Steer: harness.BookmarkSteer{By: harness.ByNone}}
}

// Journey of its people: to an application.
func (p *AppLaunch) Journey() history.Journey { return history.AppLaunch }

// Needs nothing but this process.
func (p *AppLaunch) Needs() []string { return nil }

// Problems of its settings.
func (p *AppLaunch) Problems(t harness.Topology) []harness.Problem {
	problems := harness.Steer(p.Steer).Problems(t, harness.ByBookmark)
	var there []string
	for _, a := range t.Applications {
		there = append(there, a.Name)
	}
	switch {
	case len(there) == 0:
		problems = append(problems, harness.Problem{Key: "application",
			Sentence: "the system has no applications; say in system.applications which there are"})
	case !slices.Contains(there, p.Application):
		problems = append(problems, harness.Problem{Key: "application", What: "application of the system",
			Unknown: p.Application, Among: there})
	}
	return problems
}

// Steering is what a person does who can't start it at home.
func (p *AppLaunch) Steering() harness.Steer { return harness.Steer(p.Steer) }

// Open keeps the world.
func (p *AppLaunch) Open(_ context.Context, world *harness.World) error {
	p.world = world
	return nil
}

// Close has nothing to close.
func (p *AppLaunch) Close() error { return nil }

// Try signs in at home and starts the application; where the person steers, after a while by the other Region's portal.
func (p *AppLaunch) Try(ctx context.Context, a *harness.Attempt) error {
	transport := newTransport(p.world, a.From)
	defer transport.CloseIdleConnections()
	u, err := newPerson(p.world, a, transport)
	if err != nil {
		return err
	}
	u.steer(ctx, harness.Steer(p.Steer),
		func(ctx context.Context) *failure {
			return p.launch(ctx, u, u.signIn(ctx, p.world.Portal(a.Home)))
		},
		func(ctx context.Context) *failure { return p.launch(ctx, u, u.byBookmark(ctx, p.Steer.To)) })
	return nil
}

// launch starts the application from the portal that the person has come to, if they have.
func (p *AppLaunch) launch(ctx context.Context, u *person, failed *failure) *failure {
	if failed != nil {
		return failed
	}
	to, there := u.page.tiles[p.Application]
	if !there {
		return &failure{history.ClassWrongContent, "the portal of " + u.region + " doesn't show " + p.Application}
	}
	_, failed = u.visit(ctx, to, func(shown *page) bool { return shown.launched == p.Application })
	return failed
}
