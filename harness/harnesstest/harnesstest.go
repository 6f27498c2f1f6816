// Package harnesstest holds what every target, fault, probe and check must keep, whatever its kind. The engine relies
// on these promises without knowing kinds, so they are proven over the tables: a new kind is tested by its entry.
package harnesstest

import (
	"context"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

var kindName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// row is what every row of a table must be: a name that YAML and metrics can hold, and a line for people.
func row(t *testing.T, name, doc string) {
	t.Helper()
	if !kindName.MatchString(name) {
		t.Errorf("the name %q is not lower case with underscores", name)
	}
	if len(doc) < 10 || len(doc) > 120 {
		t.Errorf("the doc of %s is %d bytes long; a line for list is 10 to 120", name, len(doc))
	}
}

// Network is a network of rules only, for faults to lay them on. Its zero value is ready to use.
type Network struct {
	Refuses error // what Lay answers, where it is not to work

	mu    sync.Mutex
	rules []*rule
}

type rule struct {
	harness.Rule
	network      *Network
	laid, lifted time.Time
}

// Lay puts a rule in force.
func (n *Network) Lay(_ context.Context, r harness.Rule) (harness.Laid, error) {
	if n.Refuses != nil {
		return nil, n.Refuses
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	made := &rule{Rule: r, network: n, laid: time.Now()}
	n.rules = append(n.rules, made)
	return made, nil
}

// InForce are the rules that were laid and not lifted.
func (n *Network) InForce() []harness.Rule {
	n.mu.Lock()
	defer n.mu.Unlock()
	var rules []harness.Rule
	for _, r := range n.rules {
		if r.lifted.IsZero() {
			rules = append(rules, r.Rule)
		}
	}
	return rules
}

// Cut tells whether a rule holds, refuses or resets what travels on an edge.
func (n *Network) Cut(e harness.Edge) bool {
	return slices.ContainsFunc(n.InForce(), func(r harness.Rule) bool {
		t := r.Effect.Traffic
		return (t.Hole || t.Refuse || t.Reset) && slices.Contains(r.Edges, e)
	})
}

// Prove tells since when the rule is in force, or lifted.
func (r *rule) Prove(ctx context.Context, inForce bool) ([]harness.Proof, error) {
	at, lifted, _ := r.Truth()
	if inForce != lifted.IsZero() {
		<-ctx.Done() // it never comes
		return nil, ctx.Err()
	}
	if !inForce {
		at = lifted
	}
	var proofs []harness.Proof
	for _, e := range r.Edges {
		proofs = append(proofs, harness.Proof{Edge: e, At: at})
	}
	return proofs, nil
}

// Verify tells whether the rule is in force.
func (r *rule) Verify(context.Context) ([]harness.Sighting, error) {
	var seen []harness.Sighting
	for _, e := range r.Edges {
		s := harness.Sighting{Edge: e, At: time.Now()}
		if _, lifted, _ := r.Truth(); !lifted.IsZero() {
			s.Gone = "the rule was lifted"
		}
		seen = append(seen, s)
	}
	return seen, nil
}

// LiftAll is somebody else who takes every rule back.
func (n *Network) LiftAll() {
	n.mu.Lock()
	rules := slices.Clone(n.rules)
	n.mu.Unlock()
	for _, r := range rules {
		r.Lift()
	}
}

// Lift takes the rule back.
func (r *rule) Lift() {
	r.network.mu.Lock()
	defer r.network.mu.Unlock()
	if r.lifted.IsZero() {
		r.lifted = time.Now()
	}
}

// Truth is when it was laid and lifted.
func (r *rule) Truth() (laid, lifted time.Time, expired bool) {
	r.network.mu.Lock()
	defer r.network.mu.Unlock()
	return r.laid, r.lifted, false
}
