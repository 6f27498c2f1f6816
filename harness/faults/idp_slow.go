package faults

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// idpSlowCases are its contract: whoever signs in waits.
var idpSlowCases = []harness.Case{
	{Where: harness.Where{Place: "idp"}, Settings: `{"latency": "100ms"}`,
		Breaks: []harness.Break{harness.Slow(harness.Anywhere, harness.SigningIn...)}},
}

// IdPSlow makes the identity provider slow to answer, while the links to it are as fast as ever. A sign-in asks it
// several times.
type IdPSlow struct {
	network
	Latency time.Duration `yaml:"latency" required:"true" min:"1ms" max:"5m" doc:"each answer takes this much longer"`
	Odds    float64       `yaml:"odds" min:"0.001" max:"1" doc:"the share of answers that are slow, drawn anew for each"`
}

// Aim takes what people ask the provider.
func (f *IdPSlow) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.ProviderNames(w, s)
	a.Edges = slices.DeleteFunc(a.Edges, func(e harness.Edge) bool { return e.To != a.Place })
	a.Summary = fmt.Sprintf("%s more for %s of %s", span(f.Latency), share(f.Odds), a.Summary)
	a.Unseen = f.Latency
	return a, problems
}

// Inject lays the rule.
func (f *IdPSlow) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, harness.Effect{Answer: harness.Answer{Latency: f.Latency, Odds: f.Odds}}, back)
}
