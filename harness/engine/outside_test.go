package engine

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// outsideTarget is a toy system with notes of its own and a chaos API.
type outsideTarget struct{ toyTarget }

func (t outsideTarget) Provision(ctx context.Context, top harness.Topology, back *rollback.Stack) (*harness.System, error) {
	sys, err := t.toyTarget.Provision(ctx, top, back)
	sys.Notes = []string{"one key a Region"}
	sys.Chaos = http.NotFoundHandler()
	return sys, err
}

func (r *recorder) notes() (said []string) {
	for _, e := range r.events {
		if e.Type == history.TypeNote {
			said = append(said, e.Note.Text)
		}
	}
	return said
}

// What is otherwise than was asked for, and what was changed from outside, stands in the history; looking does not.
func TestWhatComesFromOutsideIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.put(outsideTarget{w.target})
		stood := 0
		w.opts.Standing = func(sys *harness.System) {
			stood++
			for _, method := range []string{http.MethodGet, http.MethodPatch} {
				sys.Chaos.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/_localstack/chaos/faults", nil))
			}
		}
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		want := []string{"one key a Region", "from outside the scenario, the chaos API was asked to PATCH faults"}
		if got := w.sink.notes(); stood != 1 || !slices.Equal(got, want) {
			t.Errorf("it stood %d times, and the notes are %q", stood, got)
		}
	})
}

// unready is a fault that finds out from the system that it can't act.
type unready struct{ *toyFault }

func (unready) Ready(context.Context, *harness.Handles, harness.Aim) error {
	return &harness.Lack{Sentence: "it has no chaos API"}
}

// A fault that the system can't carry after all ends the run before anybody signs in, with the sentence.
func TestAFaultThatIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		w.plan.faults[0].fault = unready{&toyFault{w.sw}}
		err := w.plan.Run(t.Context(), w.opts)
		if lack, ok := errors.AsType[*harness.Lack](err); !ok || lack.Sentence != "it has no chaos API" {
			t.Errorf("it says %v", err)
		}
		if n := len(w.sink.attempts(history.Good)) + len(w.sink.attempts(history.Bad)); n > 0 {
			t.Errorf("%d people tried", n)
		}
	})
}
