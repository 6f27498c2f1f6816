package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// apiLatencyCases are its contract: who needs the API waits for it.
var apiLatencyCases = []harness.Case{
	{Where: harness.Where{Service: "portal_api"}, Settings: `{"latency": "40ms"}`,
		Breaks: []harness.Break{harness.Slow(harness.Here, harness.OfThePortal...)}},
}

// APILatency makes an API slow to answer, while the links to it are as fast as ever.
type APILatency struct {
	network
	Latency time.Duration `yaml:"latency" required:"true" min:"1ms" max:"5m" doc:"a call takes this much longer"`
	Odds    float64       `yaml:"odds" min:"0.001" max:"1" doc:"the share of calls that are slow, drawn anew for each"`
}

// Aim takes calls of an API.
func (f *APILatency) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Calls(w, s)
	a.Summary = fmt.Sprintf("%s more for %s of %s", span(f.Latency), share(f.Odds), a.Summary)
	a.Unseen = f.Latency
	return a, problems
}

// Inject lays the rule.
func (f *APILatency) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, harness.Effect{Answer: harness.Answer{Latency: f.Latency, Odds: f.Odds}}, back)
}
