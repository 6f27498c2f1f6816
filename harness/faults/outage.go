package faults

import (
	"context"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The modes of an outage.
const (
	modeBlackhole = "blackhole"
	modeRefuse    = "refuse"
	modeReset     = "reset"
	modeHTTP503   = "http_503"
	modeNoNames   = "dns"
)

// outage is what kinds of faults have in common that cut people off a place, by whatever they then meet.
type outage struct {
	network
	Mode string `yaml:"mode" enum:"blackhole,refuse,reset,http_503,dns" doc:"what people meet: silence, a refused connection, a reset one, an error page, or no such name"`
	Hold bool   `yaml:"hold" doc:"with blackhole: what was sent into the hole comes through when it ends; false loses it, and connections that met it stay dead"`
}

// silence is an outage in which nothing is answered, and nothing lost.
func silence() outage { return outage{Mode: modeBlackhole, Hold: true} }

// of says of what it is one, and what is wrong with its settings.
func (f *outage) of(a harness.Aim, problems []harness.Problem) (harness.Aim, []harness.Problem) {
	a.Summary = cuts[f.Mode] + " of " + a.Summary
	if f.Hold || f.Mode == modeBlackhole {
		return a, problems
	}
	return a, append(problems, harness.Problem{Key: "hold",
		Sentence: "only a blackhole holds bytes; with mode " + f.Mode + " there is nothing to lose"})
}

// inward leaves of what it is aimed at what comes in, where the mode acts on nothing else: an error page is what a
// place's own names answer, and names are looked up by who comes to it.
func (f *outage) inward(a harness.Aim) harness.Aim {
	if f.Mode == modeHTTP503 || f.Mode == modeNoNames {
		a.Edges = slices.DeleteFunc(a.Edges, func(e harness.Edge) bool { return e.To != a.Place })
	}
	return a
}

// Inject lays the rule.
func (f *outage) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, cut(f.Mode, f.Hold), back)
}

// cuts are the modes in words, as in "refused connections of us-east-1".
var cuts = map[string]string{modeBlackhole: "blackhole", modeRefuse: "refused connections",
	modeReset: "reset connections", modeHTTP503: "503 answers", modeNoNames: "unknown names"}

// cut is the effect of a mode.
func cut(mode string, hold bool) harness.Effect {
	switch mode {
	case modeRefuse:
		return harness.Effect{Traffic: harness.Traffic{Refuse: true}, Cut: true}
	case modeReset:
		return harness.Effect{Traffic: harness.Traffic{Reset: true}, Cut: true}
	case modeHTTP503:
		return harness.Effect{Answer: harness.Answer{Fail: true, Status: 503}}
	case modeNoNames:
		names := &DNS{Mode: modeNXDomain}
		return harness.Effect{Lookup: names.lookup, Shows: names.shows, Cut: true}
	}
	return harness.Effect{Traffic: harness.Traffic{Hole: true, Lose: !hold}}
}
