package harnesstest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Action proves what the engine relies on of a kind of action, for one configuration of it: that it aims before it acts
// and is never written to, that what it changes is as it was after the undo, and that it hides no refusal.
func Action(t *testing.T, kind harness.ActionKind, configure func(harness.Action)) {
	row(t, kind.Name, kind.Doc)
	a := kind.New()
	configure(a)
	before := reflect.ValueOf(a).Elem().Interface()
	s := NewSystem(nil)
	aim, problems := a.Aim(s.Scope(kind.Name))
	if len(problems) > 0 || aim.Summary == "" {
		t.Fatalf("aimed it is %+v with %+v", aim, problems)
	}
	aim.Name = "it"
	if aim.Mark == "" {
		t.Run("needs", func(t *testing.T) { needs(t, a.Needs()) })
	}
	t.Run("do and undo", func(t *testing.T) { doAndUndo(t, a, aim) })
	t.Run("refused", func(t *testing.T) {
		refuses := errors.New("no right")
		s := NewSystem(refuses)
		if aim.Mark != "" && len(a.Needs()) == 0 {
			return
		}
		if _, err := a.Do(t.Context(), s.Handles(), aim, &rollback.Stack{}); !errors.Is(err, refuses) {
			t.Errorf("Do hides why it could not: %v", err)
		}
	})
	if after := reflect.ValueOf(a).Elem().Interface(); !reflect.DeepEqual(before, after) {
		t.Errorf("it was written to: %+v became %+v", before, after)
	}
}

func doAndUndo(t *testing.T, a harness.Action, aim harness.Aim) {
	s, back := NewSystem(nil), &rollback.Stack{}
	if aim.Repairs {
		s.Spoil(t)
	}
	was := state(t, s)
	undo, err := a.Do(t.Context(), s.Handles(), aim, back)
	if err != nil || undo == nil {
		t.Fatalf("Do gives an undo: %t, %v", undo != nil, err)
	}
	is := state(t, s)
	if reflect.DeepEqual(was, is) && aim.Mark == "" {
		t.Errorf("nothing was done: %v", was)
	}
	if aim.Repairs { // which nobody takes back
		was = is
	}
	s.Access.forget()
	canceled, cancel := context.WithCancel(t.Context())
	cancel() // a run that was stopped takes it back all the same
	for range 2 {
		if err := undo(canceled); err != nil {
			t.Fatalf("undoing: %v", err)
		}
	}
	if err := back.Unwind(canceled); err != nil || !reflect.DeepEqual(was, state(t, s)) {
		t.Errorf("after the undo %v is %v, %v", was, state(t, s), err)
	}
}

// state is all that an action could have changed.
func state(t *testing.T, s *System) []any {
	t.Helper()
	acs, err := s.Provider.ACS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	policy, err := s.Key.Policy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return []any{acs, policy, s.Key.enabled(), s.Instance.regions(), s.Access.now()}
}
