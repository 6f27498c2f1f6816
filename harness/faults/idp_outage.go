package faults

import (
	"context"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// idpless and nameless are what people meet where they can't get at the provider.
var (
	idpless  = []harness.Break{harness.Fail(harness.Anywhere, history.ClassIdPUnavailable, harness.SigningIn...)}
	nameless = []harness.Break{harness.Fail(harness.Anywhere, history.ClassDNS, harness.SigningIn...)}
)

// idpOutageCases are its contract: nobody signs in in any Region, and who has a session goes on.
var idpOutageCases = []harness.Case{
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "blackhole"}`, Breaks: idpless},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "blackhole", "hold": false}`, Breaks: idpless},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "refuse"}`, Breaks: idpless},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "reset"}`, Breaks: idpless},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "http_503"}`, Breaks: idpless},
	{Where: harness.Where{Place: "idp"}, Settings: `{"mode": "dns"}`, Breaks: nameless},
}

// IdPOutage cuts every link to and from the identity provider. Nobody signs in anew in any Region, so no failover
// helps; who has a session goes on.
type IdPOutage struct {
	network
	Mode string `yaml:"mode" enum:"blackhole,refuse,reset,http_503,dns" doc:"what people meet: silence, a refused connection, a reset one, an error page, or no such name"`
	Hold bool   `yaml:"hold" doc:"with blackhole: what was sent into the hole comes through when it ends; false loses it, and connections that met it stay dead"`
}

// Aim takes the links of the provider.
func (f *IdPOutage) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.ProviderNames(w, s)
	if f.Mode == modeHTTP503 || f.Mode == modeNoNames {
		a.Edges = slices.DeleteFunc(a.Edges, func(e harness.Edge) bool { return e.To != a.Place })
	}
	a.Summary = f.Mode + " of " + a.Summary
	return a, append(problems, holds(f.Mode, f.Hold)...)
}

// Inject lays the rule.
func (f *IdPOutage) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	return lay(ctx, h, a, outage(f.Mode, f.Hold), back)
}
