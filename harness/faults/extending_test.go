package faults

import (
	"context"
	"slices"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// OneWay loses what is sent to a Region, while what the Region sends still arrives: a route that one side withdrew.
type OneWay struct {
	network
	Hold bool `yaml:"hold" doc:"what was sent comes through when it ends; false loses it"`
}

// Aim takes the links toward a place.
func (f *OneWay) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Links(w, s)
	a.Edges = slices.DeleteFunc(a.Edges, func(e harness.Edge) bool { return e.To != a.Place })
	if a.Summary = "one-way loss toward " + a.Summary; aim.Isolates(w) {
		a.Unreachable = []string{w.Region}
	}
	return a, problems
}

// Inject lays the rule.
func (f *OneWay) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, harness.Effect{Traffic: harness.Traffic{Hole: true, Lose: !f.Hold}}, back)
}

// The fault of docs/extending.md is one.
func TestTheFaultOfThePage(t *testing.T) {
	for _, kind := range []harness.FaultKind{
		{Name: "one_way", Doc: "what is sent to a Region is lost, while what it sends arrives",
			Cases: []harness.Case{
				{Settings: `{"hold": true}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}},
				{Settings: `{"hold": false}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}}},
			New: func() harness.Fault { return &OneWay{Hold: true} }},
	} {
		for _, hold := range []bool{true, false} {
			harnesstest.Fault(t, kind, func(f harness.Fault) { f.(*OneWay).Hold = hold })
		}
	}
}
