package lab

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// TB is what a lab needs of a test. A *testing.T, *testing.B and *testing.F is one.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(f func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// StartTest is Start for a test: the lab is taken down when the test ends, and what goes wrong fails the test.
func StartTest(t TB, topology harness.Topology, options ...Option) *Lab {
	t.Helper()
	back := &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.WithoutCancel(t.Context())); err != nil { // the test's own has ended by now
			t.Errorf("taking the lab down: %v", err)
		}
	})
	l, err := Start(t.Context(), topology, back, options...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return l
}
