package faults

import (
	"context"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// RegionOutage cuts every link to and from a Region, both directions. With a service it cuts only what goes to that
// service's names. An error page is what the Region's own names answer, so http_503 acts on what comes in alone.
type RegionOutage struct {
	laid
	Mode harness.Mode `yaml:"mode" enum:"blackhole,refuse,reset,http_503" doc:"what people meet: silence, a refused connection, a reset one, or an error page"`
	Hold bool         `yaml:"hold" doc:"with blackhole: what was sent into the hole comes through when it ends; false loses it, and connections that met it stay dead"`
}

func newRegionOutage() harness.Fault { return &RegionOutage{Mode: harness.Blackhole, Hold: true} }

// Needs says why a target can't carry it.
func (f *RegionOutage) Needs(can harness.Capabilities) error { return needsNetwork(can) }

// Problems says what of it makes no sense.
func (f *RegionOutage) Problems(harness.Topology) []harness.Problem {
	if !f.Hold && f.Mode != harness.Blackhole {
		return []harness.Problem{{Key: "hold", Sentence: "only a blackhole holds bytes; with mode " + string(f.Mode) + " there is nothing to lose"}}
	}
	return nil
}

// Summary of it.
func (f *RegionOutage) Summary() string { return string(f.Mode) }

// Isolates tells that the outage of a whole Region leaves nobody a way in, in whichever mode.
func (f *RegionOutage) Isolates(whole bool) bool { return whole }

// Inject lays the rule.
func (f *RegionOutage) Inject(ctx context.Context, hit harness.Hit, back *rollback.Stack) (rollback.Undo, error) {
	if f.Mode == harness.HTTP503 {
		hit.Edges = slices.DeleteFunc(slices.Clone(hit.Edges), func(e harness.Edge) bool { return e.To != hit.Place })
	}
	return f.lay(ctx, hit, harness.Rule{Mode: f.Mode, Lose: !f.Hold}, back)
}
