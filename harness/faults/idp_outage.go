package faults

import (
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
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
	outage `yaml:",inline"`
}

// Aim takes the links of the provider.
func (f *IdPOutage) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.ProviderNames(w, s)
	return f.of(f.inward(a), problems)
}
