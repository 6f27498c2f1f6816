package harness

import (
	"context"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Fault is a struct of the keys of its block. It is never written to after it was read, so that a plan can run again
// and again: what a run of it holds is an Injection.
type Fault interface {
	// Needs names the handles without which it can't be injected.
	Needs() []string
	// Aim resolves what it acts on, or tells every mistake at its key. It provisions and changes nothing.
	Aim(w Where, s Scope) (Aim, []Problem)
	// Inject puts the fault in force. The Injection is returned also beside an error, where something was changed; its
	// undo is on back too, pushed before the change.
	Inject(ctx context.Context, h *Handles, a Aim, back *rollback.Stack) (Injection, error)
}

// Readier is a fault or an action that can tell only when the system stands whether it can act on it. Its error is a
// *Lack, as a rule; nothing is harmed then.
type Readier interface {
	Ready(ctx context.Context, h *Handles, a Aim) error
}

// Where selects what a fault hits; all that is said must hold.
type Where struct{ Region, Place, Service, Operation, Name, From string }

// Scope is what there is to aim at: the system on paper, and what the target can do.
type Scope struct {
	Topology
	Can    Capabilities
	Kind   string // of the fault or action, for its mistakes
	Target string // its name
}

// Places lists the places of the system: Regions, vantages, and others that there always are.
func (s Scope) Places(others ...string) []string {
	places := s.Regions()
	for _, v := range s.Vantages {
		places = append(places, v.Name)
	}
	return append(places, others...)
}

// Aim is all that a fault or an action of a plan acts on. It is data, and the same in every run.
type Aim struct {
	Name    string        // of the fault or action
	Lease   time.Duration // what is laid lifts itself after this long; 0: never
	Summary string        // in a few words what it does to what: "blackhole of us-east-1"

	Edges   []Edge // directed links, on which it is proven too
	Place   string // whose names it acts on
	Service string // narrows it to the names of one of the place's services
	Calls   *Calls // calls of AWS's APIs rather than links; nil: none
	Region  string // whose replica or key it acts on

	// Unseen is how long it takes until canaries can have seen that it is in force, as they are made to wait themselves.
	Unseen time.Duration
	// Unreachable are the Regions by which nobody at all can be carried while it is in force.
	Unreachable []string

	Person string // of an action: whom it is about, by their name
	// Revokes is what an action takes from them, once it is done: that they may sign in, or their sessions.
	Revokes history.Revocation
	// Repairs is that an action takes back what faults do to the same Region by the same handle. Those are then no longer
	// looked for, and the repair isn't taken back.
	Repairs bool
	// Mark is that an action changes nothing: it is something that somebody notices, decides or tries, and is written
	// down as a marker of this name about the fault On, or about any.
	Mark, On string
}

// Refusal is what the system answers to an action that it doesn't do, or that never reaches it: data, and no failure of
// the harness. The action has failed, and the drill goes on.
type Refusal struct{ Err error }

// Error is what was answered.
func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap is what was answered.
func (r *Refusal) Unwrap() error { return r.Err }

// Injection is a fault in one run of a plan, from when it is injected until it is undone.
type Injection interface {
	// Prove waits until the fault is in force on every edge, or until it no longer is, and tells since when. Its
	// instants are those of the change itself: the time that proving took is not in them.
	Prove(ctx context.Context, inForce bool) ([]Proof, error)
	// Verify asks anew, once, whether the fault that was proven is in force still, on each edge that it was proven on.
	// An edge that is left out could not be told about, and the error says why: the canaries' own failure. Nothing
	// beside no error says that nothing of the fault stays in force. It may run while the fault is undone, and is then
	// heeded no more.
	Verify(ctx context.Context) ([]Sighting, error)
	// Undo takes the fault back, and nothing that isn't its own; more than once is no error.
	Undo(ctx context.Context) error
	// Expired tells whether the fault has ended by itself because nobody took it back in time, and when.
	Expired() (at time.Time, expired bool)
}

// Action is what an operator or an automation does in answer, or does for its own reasons. Like a fault it is a struct
// of the keys of its block and never written to.
type Action interface {
	// Needs names the handles without which it can't be done; none where it only marks an instant.
	Needs() []string
	// Aim resolves what it acts on, or tells every mistake at its key.
	Aim(s Scope) (Aim, []Problem)
	// Do does it and waits until it is so. What takes it back is pushed on back first and returned. Its error is a
	// *Refusal where the system doesn't do it.
	Do(ctx context.Context, h *Handles, a Aim, back *rollback.Stack) (rollback.Undo, error)
}

// Edge is the directed link from one place to another. What is held on it are the bytes that travel that way.
type Edge struct{ From, To string }

// String is the way an edge is written in the history.
func (e Edge) String() string { return e.From + "→" + e.To }

// Proof is the instant since which a fault is in force on an edge, or no longer is.
type Proof struct {
	Edge Edge
	At   time.Time
}

// Sighting is what a canary saw of a fault on an edge while it should be in force.
type Sighting struct {
	Edge Edge
	At   time.Time // when the canary set out
	Gone string    // in a plain clause, by what it saw that the fault is no longer in force; empty: it is
}
