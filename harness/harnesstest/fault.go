package harnesstest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Fault proves what the engine relies on of a kind of fault, for one configuration of it: that it asks before it acts,
// gives the undo back with the deed, proves itself on every edge, sees when somebody else has undone it, and takes back
// its own change and no other.
func Fault(t *testing.T, kind harness.FaultKind, configure func(harness.Fault)) {
	row(t, kind.Name, kind.Doc)
	made := func() harness.Fault {
		f := kind.New()
		configure(f)
		return f
	}
	t.Run("needs", func(t *testing.T) {
		if err := made().Needs(harness.Capabilities{Network: true, Process: true, Attach: true,
			API: map[string][]string{"kms": {"Decrypt"}}}); err != nil {
			t.Errorf("a target that can do everything can't carry it: %v", err)
		}
		if made().Needs(harness.Capabilities{}) == nil {
			t.Error("a target that can do nothing carries it")
		}
	})
	t.Run("fresh", func(t *testing.T) {
		if kind.New() == kind.New() {
			t.Error("New gives the same fault twice: two faults of a scenario would share their state")
		}
	})
	t.Run("inject, prove, undo", func(t *testing.T) { injectProveUndo(t, made()) })
	t.Run("verify", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { verify(t, made()) }) // where no canary can outlive its look
	})
	t.Run("what was never laid", func(t *testing.T) { neverLaid(t, made()) })
	t.Run("unwound by the way back", func(t *testing.T) {
		network, back := &Network{}, &rollback.Stack{}
		hit := hitOn(network)
		if _, err := made().Inject(t.Context(), hit, back); err != nil {
			t.Fatal(err)
		}
		defer answers(t, hit)
		canceled, cancel := context.WithCancel(t.Context())
		cancel() // a run that was stopped heals all the same
		if err := back.Unwind(canceled); err != nil || len(network.InForce()) != 0 {
			t.Errorf("after Unwind %d rules are in force, %v", len(network.InForce()), err)
		}
	})
}

func hitOn(n *Network) harness.Hit { return hitOnBoth(n, &Replica{Refuses: n.Refuses}) }

func hitOnBoth(n *Network, replica *Replica) harness.Hit {
	return harness.Hit{Fault: "it", Network: n, API: n,
		Edges:    []harness.Edge{{From: "here", To: "there"}, {From: "there", To: "here"}},
		Replicas: []*harness.Replica{replica.Handles("there")}}
}

// answers is a replica that nothing is done to.
func answers(t *testing.T, hit harness.Hit) {
	t.Helper()
	for _, r := range hit.Replicas {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		if err := r.Ask(ctx); err != nil {
			t.Errorf("the replica in %s: %v", r.Region, err)
		}
	}
}

func injectProveUndo(t *testing.T, f harness.Fault) {
	network, back := &Network{}, &rollback.Stack{}
	other, err := network.Lay(t.Context(), harness.Rule{Name: "other", Mode: harness.Refuse, Edges: hitOn(network).Edges})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Lift()
	hit := hitOn(network)
	undo, err := f.Inject(t.Context(), hit, back)
	if err != nil || undo == nil {
		t.Fatalf("Inject gives undo %t, %v", undo != nil, err)
	}
	proven(t, f, hit, true)
	for range 2 { // by the engine and by the way back
		if err := undo(t.Context()); err != nil {
			t.Fatalf("undoing: %v", err)
		}
	}
	proven(t, f, hit, false)
	answers(t, hit)
	if left := network.InForce(); len(left) != 1 || left[0].Name != "other" {
		t.Errorf("after the undo there are %+v in force, not the other fault's rule alone", left)
	}
}

func proven(t *testing.T, f harness.Fault, hit harness.Hit, inForce bool) {
	t.Helper()
	proofs, err := f.Prove(t.Context(), hit, inForce)
	if err != nil {
		t.Fatalf("proving it (in force: %t): %v", inForce, err)
	}
	told := map[harness.Edge]bool{}
	for _, p := range proofs {
		told[p.Edge] = true
		if p.At.IsZero() {
			t.Errorf("the proof of %s has no instant", p.Edge)
		}
	}
	for _, e := range hit.Edges {
		if !told[e] {
			t.Errorf("no proof of %s (in force: %t)", e, inForce)
		}
	}
}

// verify looks at a fault in force, and again after somebody else has undone it, which leaves it to be undone.
func verify(t *testing.T, f harness.Fault) {
	network, replica := &Network{}, &Replica{}
	hit := hitOnBoth(network, replica)
	undo, err := f.Inject(t.Context(), hit, &rollback.Stack{})
	if err != nil {
		t.Fatal(err)
	}
	proven(t, f, hit, true)
	for range 2 {
		sighted(t, f, hit, false)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	seen, _ := f.Verify(canceled, hit)
	if slices.ContainsFunc(seen, func(s harness.Sighting) bool { return s.Gone != "" }) {
		t.Errorf("who had no time to look says %+v", seen)
	}
	network.LiftAll()
	replica.Revive()
	sighted(t, f, hit, true)
	if err := undo(t.Context()); err != nil {
		t.Errorf("undoing what somebody else has undone: %v", err)
	}
	proven(t, f, hit, false)
	answers(t, hit)
}

// sighted checks what a look says on every edge; of some faults nothing stays in force.
func sighted(t *testing.T, f harness.Fault, hit harness.Hit, gone bool) {
	t.Helper()
	began := time.Now()
	seen, err := f.Verify(t.Context(), hit)
	if err != nil {
		t.Fatalf("verifying it: %v", err)
	}
	if len(seen) == 0 {
		return
	}
	for _, e := range hit.Edges {
		i := slices.IndexFunc(seen, func(s harness.Sighting) bool { return s.Edge == e })
		switch {
		case i < 0:
			t.Errorf("no look at %s", e)
		case (seen[i].Gone != "") != gone:
			t.Errorf("on %s it is gone: %t, and a look says %q", e, gone, seen[i].Gone)
		case seen[i].At.Before(began) || seen[i].At.After(time.Now()):
			t.Errorf("the look at %s was %v after it began", e, seen[i].At.Sub(began))
		}
	}
	if took := time.Since(began); took >= time.Second { // the bubble's clock; the engine looks once a second
		t.Errorf("a look takes %v", took)
	}
}

// neverLaid is a deed that failed: what was done of it can be undone, and nothing is proven.
func neverLaid(t *testing.T, f harness.Fault) {
	network, back := &Network{Refuses: errors.New("no room")}, &rollback.Stack{}
	undo, err := f.Inject(t.Context(), hitOn(network), back)
	if !errors.Is(err, network.Refuses) {
		t.Errorf("Inject hides why it could not: %v", err)
	}
	if undo != nil {
		if err := undo(t.Context()); err != nil {
			t.Errorf("undoing what was never laid: %v", err)
		}
	}
	if err := back.Unwind(t.Context()); err != nil {
		t.Errorf("unwinding what was never laid: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Prove(ctx, hitOn(network), true); err == nil {
		t.Error("what was never laid is proven in force")
	}
}
