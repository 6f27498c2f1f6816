package faults

import (
	"context"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// partitionCases are its contract: people reach every Region, but where they are what it is cut off from.
var partitionCases = []harness.Case{
	{Settings: `{"mode": "blackhole"}`},
	{Settings: `{"direction": "in"}`},
	{Settings: `{"direction": "out"}`},
	{Settings: `{"mode": "refuse"}`},
	{Where: harness.Where{From: "office"}, Settings: `{"direction": "out"}`,
		Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}},
}

// Partition cuts the links between a Region and other Regions or, with where.from, between it and one other place. All
// else goes on: people reach every Region, which no longer replicate to each other, and so grow apart.
type Partition struct {
	network
	Direction string `yaml:"direction" enum:"both,in,out" doc:"both: nothing passes; in: what is sent to the Region is lost; out: what the Region sends is lost"`
	Mode      string `yaml:"mode" enum:"blackhole,refuse" doc:"blackhole: what is sent is held until it ends; refuse: connections are refused by whom they go to"`
}

// The directions of a partition.
const (
	directionBoth = "both"
	directionIn   = "in"
	directionOut  = "out"
)

// Aim takes the links between the two sides.
func (f *Partition) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Links(w, s)
	others := s.Regions()
	if w.From != "" {
		others = []string{w.From}
	}
	a.Edges = slices.DeleteFunc(a.Edges, func(e harness.Edge) bool {
		in := e.To == a.Place
		return in && (f.Direction == directionOut || !slices.Contains(others, e.From)) ||
			!in && (f.Direction == directionIn || !slices.Contains(others, e.To))
	})
	if w.Service != "" {
		problems = append(problems, harness.Problem{Key: "where.service",
			Sentence: "a partition is between two places; for one service's names use region_outage"})
	}
	if len(problems) == 0 && len(a.Edges) == 0 {
		problems = append(problems, harness.Problem{Key: "where", Sentence: "it hits nothing: there is no other Region"})
	}
	how := map[string]string{directionIn: "what is sent to ", directionOut: "what is sent by "}[f.Direction]
	if f.Direction == directionBoth {
		how = "the links of "
	}
	of := " and other Regions"
	if w.From != "" {
		of = " and " + w.From
	}
	a.Summary = cuts[f.Mode] + " of " + how + a.Place + ", between it" + of
	return a, problems
}

// Inject lays the rule.
func (f *Partition) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, cut(f.Mode, true), back)
}
