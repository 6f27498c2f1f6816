package faults

import (
	"context"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// scimStallCases are its contract: who signs in doesn't notice.
var scimStallCases = []harness.Case{
	{Where: harness.Where{Region: "us-east-1"}, Settings: `{"mode": "hang"}`},
	{Where: harness.Where{Region: "us-east-1"}, Settings: `{"mode": "unauthorized"}`},
	{Where: harness.Where{Region: "us-east-1"}, Settings: `{"mode": "throttled"}`},
}

// SCIMStall keeps the identity provider from provisioning: nobody new comes, and nobody who has left goes. SCIM is in
// the primary Region alone, and people sign in as ever.
type SCIMStall struct {
	network
	Mode string `yaml:"mode" enum:"hang,unauthorized,throttled" doc:"hang: nothing is answered; unauthorized: the bearer token is refused, as when its year is over; throttled: there are too many calls"`
}

// The modes of a fault of SCIM.
const (
	modeHang         = "hang"
	modeUnauthorized = "unauthorized"
	serviceSCIM      = "scim"
)

// Aim takes the primary Region's SCIM, which may be left unsaid.
func (f *SCIMStall) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	var problems []harness.Problem
	if w.Region != "" && w.Region != s.Primary && slices.Contains(s.Regions(), w.Region) {
		problems = []harness.Problem{{Key: "where.region",
			Sentence: "it hits nothing: SCIM is in the primary Region alone, " + s.Primary}}
	}
	if w.Region == "" && w.Place == "" {
		w.Region = s.Primary
	}
	switch w.Service {
	case "", serviceSCIM:
	default:
		problems = append(problems, harness.Problem{Key: "where.service", Sentence: "it acts on scim; leave service out"})
	}
	w.Service = serviceSCIM
	take, what := aim.Calls, "SCIM refuses its token: "
	switch f.Mode {
	case modeHang:
		take, what = aim.Names, "SCIM hangs: "
	case modeThrottled:
		what = "SCIM is throttled: "
	}
	a, found := take(w, s)
	a.Summary = what + a.Summary
	return a, append(problems, found...)
}

// Inject lays the rule.
func (f *SCIMStall) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	switch f.Mode {
	case modeHang:
		return lay(ctx, h, a, outage(modeBlackhole, true), back)
	case modeThrottled:
		return lay(ctx, h, a, harness.Effect{Answer: harness.Answer{Throttle: true}}, back)
	}
	return lay(ctx, h, a, harness.Effect{Answer: harness.Answer{Fail: true, Status: 401}}, back)
}
