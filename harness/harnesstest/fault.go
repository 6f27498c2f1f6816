package harnesstest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Fault proves what the engine relies on of a kind of fault, for one configuration of it: that it aims before it acts
// and is never written to, gives the undo back with the change, proves itself on every edge, sees when somebody else
// has undone it, and takes back its own change and no other.
func Fault(t *testing.T, kind harness.FaultKind, configure func(harness.Fault)) {
	row(t, kind.Name, kind.Doc)
	f := kind.New()
	configure(f)
	before := reflect.ValueOf(f).Elem().Interface()
	aim := aimed(t, kind, f)
	t.Run("needs", func(t *testing.T) { needs(t, f.Needs()) })
	t.Run("inject, prove, undo", func(t *testing.T) { injectProveUndo(t, f, aim) })
	t.Run("verify", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { verify(t, f, aim) }) // where no canary can outlive its look
	})
	t.Run("what was never done", func(t *testing.T) { neverDone(t, f, aim) })
	t.Run("unwound by the way back", func(t *testing.T) { unwound(t, f, aim) })
	if after := reflect.ValueOf(f).Elem().Interface(); !reflect.DeepEqual(before, after) {
		t.Errorf("it was written to: %+v became %+v", before, after)
	}
}

// needs are names of handles, and a target that has them all is enough.
func needs(t *testing.T, named []string) {
	if len(named) == 0 {
		t.Error("it needs no handle, so it can do nothing")
	}
	for _, name := range named {
		if !slices.Contains(harness.AllHandles(), name) {
			t.Errorf("no handle is called %q", name)
		}
	}
	if lack := (harness.Capabilities{}).Lacks(named); lack == "" {
		t.Error("a target that can do nothing lacks nothing for it")
	}
}

// aimed is what a fault of the kind acts on in Elsewhere. That it hits nothing, or no Region that there is, it says.
func aimed(t *testing.T, kind harness.FaultKind, f harness.Fault) harness.Aim {
	t.Helper()
	scope, at := (&System{}).Scope(kind.Name), harness.Where{Region: Elsewhere}
	mistakes := map[harness.Where]string{
		{}: "where", {Region: "ap-south-1"}: "where.region", {Region: Elsewhere, Name: "x"}: "where.name",
	}
	if cases := kind.Cases; len(cases) > 0 && (cases[0].Where.Place != "" || cases[0].Where.Region != "") {
		at = cases[0].Where // there is one place alone that it can be aimed at
		mistakes = map[harness.Where]string{
			{Place: "nowhere"}: "where.place", {Region: "ap-south-1"}: "where.region", {Name: "x"}: "where.name",
		}
	}
	found, problems := f.Aim(at, scope)
	if len(problems) > 0 {
		t.Fatalf("aimed at a Region it has %+v", problems)
	}
	if again, _ := f.Aim(at, scope); !reflect.DeepEqual(found, again) {
		t.Errorf("aimed twice it is %+v and %+v", found, again)
	}
	if len(found.Edges) == 0 || found.Summary == "" {
		t.Errorf("it has no edge to be proven on, or no summary: %+v", found)
	}
	for where, key := range mistakes {
		_, problems := f.Aim(where, scope)
		if !slices.ContainsFunc(problems, func(p harness.Problem) bool { return p.Key == key }) {
			t.Errorf("aimed at %+v it has %+v, none at %s", where, problems, key)
		}
	}
	found.Name, found.Lease = "it", time.Hour
	return found
}

// well tells that nothing is done to the system.
func well(t *testing.T, s *System) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
	defer cancel()
	left := s.Streams.left() + s.Flaws.left() + s.Clocks.left() + s.Vanity.left()
	if err := errors.Join(s.Replica.Ask(ctx), s.Key.Use(ctx)); err != nil || left > 0 {
		t.Errorf("what was done is not undone: %v, %d holds, flaws and shifts are left", err, left)
	}
}

func unwound(t *testing.T, f harness.Fault, a harness.Aim) {
	s, back := NewSystem(nil), &rollback.Stack{}
	if _, err := f.Inject(t.Context(), s.Handles(), a, back); err != nil {
		t.Fatal(err)
	}
	defer well(t, s)
	canceled, cancel := context.WithCancel(t.Context())
	cancel() // a run that was stopped heals all the same
	if err := back.Unwind(canceled); err != nil || len(s.Network.InForce()) != 0 {
		t.Errorf("after Unwind %d rules are in force, %v", len(s.Network.InForce()), err)
	}
}

func injectProveUndo(t *testing.T, f harness.Fault, a harness.Aim) {
	s, back := NewSystem(nil), &rollback.Stack{}
	other, err := s.Network.Lay(t.Context(), harness.Rule{Name: "other", Edges: a.Edges,
		Effect: harness.Effect{Traffic: harness.Traffic{Refuse: true}}})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Lift()
	injected, err := f.Inject(t.Context(), s.Handles(), a, back)
	if err != nil || injected == nil {
		t.Fatalf("Inject gives %v, %v", injected, err)
	}
	proven(t, injected, a, true)
	for range 2 { // by the engine and by the way back
		if err := injected.Undo(t.Context()); err != nil {
			t.Fatalf("undoing: %v", err)
		}
	}
	proven(t, injected, a, false)
	well(t, s)
	if left := s.Network.InForce(); len(left) != 1 || left[0].Name != "other" {
		t.Errorf("after the undo there are %+v in force, not the other fault's rule alone", left)
	}
}

func proven(t *testing.T, injected harness.Injection, a harness.Aim, inForce bool) {
	t.Helper()
	proofs, err := injected.Prove(t.Context(), inForce)
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
	for _, e := range a.Edges {
		if !told[e] {
			t.Errorf("no proof of %s (in force: %t)", e, inForce)
		}
	}
}

// verify looks at a fault in force, and again after somebody else has undone it, which leaves it to be undone.
func verify(t *testing.T, f harness.Fault, a harness.Aim) {
	s := NewSystem(nil)
	injected, err := f.Inject(t.Context(), s.Handles(), a, &rollback.Stack{})
	if err != nil {
		t.Fatal(err)
	}
	proven(t, injected, a, true)
	for range 2 {
		sighted(t, injected, a, false)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	seen, _ := injected.Verify(canceled)
	if slices.ContainsFunc(seen, func(s harness.Sighting) bool { return s.Gone != "" }) {
		t.Errorf("who had no time to look says %+v", seen)
	}
	s.Revive()
	sighted(t, injected, a, true)
	if err := injected.Undo(t.Context()); err != nil {
		t.Errorf("undoing what somebody else has undone: %v", err)
	}
	proven(t, injected, a, false)
	well(t, s)
}

// sighted checks what a look says on every edge; of some faults nothing stays in force.
func sighted(t *testing.T, injected harness.Injection, a harness.Aim, gone bool) {
	t.Helper()
	began := time.Now()
	seen, err := injected.Verify(t.Context())
	if err != nil {
		t.Fatalf("verifying it: %v", err)
	}
	if len(seen) == 0 {
		return
	}
	for _, e := range a.Edges {
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

// neverDone is an injection that failed: what was done of it can be undone, and nothing is proven.
func neverDone(t *testing.T, f harness.Fault, a harness.Aim) {
	refuses := errors.New("no room")
	s, back := NewSystem(refuses), &rollback.Stack{}
	injected, err := f.Inject(t.Context(), s.Handles(), a, back)
	if !errors.Is(err, refuses) {
		t.Errorf("Inject hides why it could not: %v", err)
	}
	if injected != nil {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := injected.Prove(ctx, true); err == nil {
			t.Error("what was never done is proven in force")
		}
	}
	s.Replica.Refuses, s.Key.Refuses, s.Streams.Refuses = nil, nil, nil // there is room again
	s.Flaws.Refuses, s.Clocks.Refuses, s.Sessions.Refuses, s.Vanity.Refuses = nil, nil, nil, nil
	if err := back.Unwind(t.Context()); err != nil {
		t.Errorf("unwinding what was never done: %v", err)
	}
}
