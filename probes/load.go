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
	outset[harness.BookmarkSteer] `yaml:",inline"`

	people *SAMLLogin
}

// NewLoad has people who start at the portal and don't steer.
func NewLoad() harness.Probe {
	return &Load{outset: atPortal(harness.BookmarkSteer{By: harness.ByNone})}
}

// Journey of its people: they sign in.
func (p *Load) Journey() history.Journey { return history.SignIn }

// Open makes the people, who share connections.
func (p *Load) Open(ctx context.Context, world *harness.World) error {
	p.people = &SAMLLogin{outset: p.outset, Connections: "kept"}
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
