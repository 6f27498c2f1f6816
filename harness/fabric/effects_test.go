package fabric

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
)

// Effects of the tests.
var (
	holds   = harness.Effect{Traffic: harness.Traffic{Hole: true}}
	loses   = harness.Effect{Traffic: harness.Traffic{Hole: true, Lose: true}}
	refuses = harness.Effect{Traffic: harness.Traffic{Refuse: true}, Cut: true}
	resets  = harness.Effect{Traffic: harness.Traffic{Reset: true}, Cut: true}
	busy    = answering(harness.Answer{Fail: true, Status: 503})
)

func slows(t harness.Traffic) harness.Effect { return harness.Effect{Traffic: t} }

func answering(a harness.Answer) harness.Effect { return harness.Effect{Answer: a} }

// passing is a Lookup that changes nothing.
func passing(context.Context, string) error { return nil }

// kind names the effect of a rule.
func kind(r harness.Rule) string {
	switch t := r.Effect.Traffic; {
	case t.Lose:
		return "losing hole"
	case t.Hole:
		return "hole"
	case t.Refuse:
		return "refuse"
	case t.Reset:
		return "reset"
	case slowing{}.of(&t):
		return "slow"
	}
	return "request"
}

func onCalls(c harness.Calls, a harness.Answer) harness.Rule {
	return harness.Rule{Calls: &c, Effect: answering(a)}
}
