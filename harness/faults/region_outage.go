package faults

import (
	"context"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
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

// regionOutageCases are its contract: nobody gets anything of the Region, by whatever people meet.
var regionOutageCases = []harness.Case{
	{Settings: `{"mode": "blackhole"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}},
	{Settings: `{"mode": "blackhole", "hold": false}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}},
	{Settings: `{"mode": "refuse"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassRefused)}},
	{Settings: `{"mode": "reset"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassReset)}},
	{Settings: `{"mode": "http_503"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassHTTP5xx)}},
	{Settings: `{"mode": "dns"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassDNS)}},
}

// RegionOutage cuts every link to and from a Region, both directions. With a service it cuts only what goes to that
// service's names. An error page is what the Region's own names answer, and names are looked up by who comes to it, so
// http_503 and dns act on what comes in alone.
type RegionOutage struct {
	network
	Mode string `yaml:"mode" enum:"blackhole,refuse,reset,http_503,dns" doc:"what people meet: silence, a refused connection, a reset one, an error page, or no such name"`
	Hold bool   `yaml:"hold" doc:"with blackhole: what was sent into the hole comes through when it ends; false loses it, and connections that met it stay dead"`
}

// Aim takes the links of a place. The outage of a whole Region leaves nobody a way in, in whichever mode.
func (f *RegionOutage) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	links := aim.Links
	if f.Mode == modeHTTP503 || f.Mode == modeNoNames {
		links = aim.Names
	}
	a, problems := links(w, s)
	problems = append(problems, holds(f.Mode, f.Hold)...)
	if a.Summary = f.Mode + " of " + a.Summary; aim.Isolates(w) {
		a.Unreachable = []string{w.Region}
	}
	return a, problems
}

// Inject lays the rule.
func (f *RegionOutage) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, outage(f.Mode, f.Hold), back)
}

// holds tells what is wrong with hold in a mode.
func holds(mode string, hold bool) []harness.Problem {
	if hold || mode == modeBlackhole {
		return nil
	}
	return []harness.Problem{{Key: "hold",
		Sentence: "only a blackhole holds bytes; with mode " + mode + " there is nothing to lose"}}
}

// outage is the effect of one.
func outage(mode string, hold bool) harness.Effect {
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
