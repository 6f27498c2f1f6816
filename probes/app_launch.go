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
	Application                   string `yaml:"application" required:"true" example:"Wiki" doc:"the name of one of system.applications"`
	outset[harness.BookmarkSteer] `yaml:",inline"`
}

// NewAppLaunch has people who start at the portal and don't steer.
func NewAppLaunch() harness.Probe {
	return &AppLaunch{outset: atPortal(harness.BookmarkSteer{By: harness.ByNone})}
}

// Journey of its people: to an application.
func (p *AppLaunch) Journey() history.Journey { return history.AppLaunch }

// Problems of its settings.
func (p *AppLaunch) Problems(t harness.Topology) []harness.Problem {
	problems := p.outset.Problems(t)
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

// Try signs in at home and starts the application; where the person steers, after a while by the other Region's portal.
func (p *AppLaunch) Try(ctx context.Context, a *harness.Attempt) error {
	return p.try(ctx, a,
		func(ctx context.Context, u *person) *failure { return p.launch(ctx, u, u.signIn(ctx, p.begins(a))) },
		func(ctx context.Context, u *person) *failure { return p.launch(ctx, u, u.byBookmark(ctx, p.Steer.To)) })
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
