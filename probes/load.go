package probes

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// Load is a herd: people who all sign in again because their Region was away, at whatever rate every gives, up to
// thousands a second. They arrive on schedule, whatever becomes of the others, so that what a slow system does to them
// shows as waiting, and as people for whom there was no room. They share connections, and what is written down of each
// leaves out the steps: a herd is there for what it does to the system, and the measuring is for the other probes.
type Load struct {
	Steer harness.BookmarkSteer `yaml:"steer" doc:"what a person does who isn't signed in at home"`

	people *SAMLLogin
}

// NewLoad has people who don't steer.
func NewLoad() harness.Probe { return &Load{Steer: harness.BookmarkSteer{By: harness.ByNone}} }

// Journey of its people: they sign in.
func (p *Load) Journey() history.Journey { return history.SignIn }

// Needs nothing but this process.
func (p *Load) Needs() []string { return nil }

// Problems of its settings.
func (p *Load) Problems(t harness.Topology) []harness.Problem {
	return harness.Steer(p.Steer).Problems(t, harness.ByBookmark)
}

// Steering is what a person does who isn't signed in at home.
func (p *Load) Steering() harness.Steer { return harness.Steer(p.Steer) }

// Open makes the people, who share connections.
func (p *Load) Open(ctx context.Context, world *harness.World) error {
	p.people = &SAMLLogin{Steer: p.Steer, Connections: "kept"}
	return p.people.Open(ctx, world)
}

// Close ends the connections.
func (p *Load) Close() error {
	if p.people == nil {
		return nil
	}
	return p.people.Close()
}

// Try signs in once.
func (p *Load) Try(ctx context.Context, a *harness.Attempt) error {
	err := p.people.Try(ctx, a)
	a.Steps = nil
	return err
}
