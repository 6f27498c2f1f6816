package faults

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Who fails the calls: the network's edge, or the emulator that plays KMS, by itself, through LocalStack's chaos API.
const (
	viaFabric  = "fabric"
	viaBackend = "backend"
)

// apiErrorsCases are its contract: who needs the API fails by its error.
var apiErrorsCases = []harness.Case{
	{Where: harness.Where{Service: "portal_api"}, Settings: `{"status": 503}`,
		Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassHTTP5xx, harness.OfThePortal...)}},
	{Where: harness.Where{Service: "kms", Operation: "Decrypt"}, Settings: `{"code": "AccessDeniedException", "odds": 0.5}`,
		Breaks: []harness.Break{
			{At: harness.Here, Class: history.ClassACSRejected, Some: true, Journeys: harness.SigningIn},
			{At: harness.Here, Class: history.ClassPortalError, Some: true, Journeys: harness.WithSession},
			{At: harness.Here, Class: history.ClassHTTP4xx, Some: true, Journeys: []history.Journey{history.KMSRoundTrip}}}},
}

// APIErrors makes an API answer with errors of its own, so that clients see what they would see of AWS, and try again
// as they would.
type APIErrors struct {
	network
	Status int     `yaml:"status" min:"400" max:"599" doc:"of HTTP; if not said, what the service gives with code"`
	Code   string  `yaml:"code" doc:"AWS's error code; if not said, what the service gives with status, or when it is at fault itself"`
	Odds   float64 `yaml:"odds" min:"0.001" max:"1" doc:"the share of calls that fail, drawn anew for each"`
	Via    string  `yaml:"via" enum:"fabric,backend" doc:"who fails the calls: the network's edge, or the emulator behind it by LocalStack's chaos API"`
}

// Aim takes calls of an API; of a backend, those of KMS alone.
func (f *APIErrors) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Calls(w, s)
	a.Summary = f.summary() + " for " + share(f.Odds) + " of " + a.Summary
	switch {
	case f.Via != viaBackend:
	case cmp.Or(s.KMS.Backend, "embedded") == "embedded":
		problems = append(problems, harness.Problem{Key: "via",
			Sentence: "the embedded KMS has no chaos API: set system.kms.backend, or leave via out"})
	case w.Service != "kms" || w.From != "":
		problems = append(problems, harness.Problem{Key: "via", Sentence: "a backend fails calls of KMS alone, from " +
			"wherever they come: say where: {region, service: kms}, and no from"})
	}
	return a, problems
}

func (f *APIErrors) summary() string {
	code := strings.TrimSpace(f.Code)
	switch {
	case f.Status != 0:
		return strings.TrimSpace(strconv.Itoa(f.Status) + " " + code)
	case code != "":
		return code
	}
	return "errors"
}

// Ready asks whether the backend can be told to fail.
func (f *APIErrors) Ready(ctx context.Context, h *harness.Handles, a harness.Aim) error {
	if f.Via != viaBackend {
		return nil
	}
	return f.behind(h, a).ready(ctx)
}

// behind is the rule for the backend, with LocalStack's defaults.
func (f *APIErrors) behind(h *harness.Handles, a harness.Aim) *backendFault {
	return &backendFault{URL: h.Backend.URL, own: h.Backend.Own, Rule: backendRule{
		Service: a.Calls.Service, Region: a.Calls.Region, Operation: a.Calls.Operation, Probability: f.Odds,
		Error: backendError{StatusCode: cmp.Or(f.Status, 503), Code: cmp.Or(f.Code, "ServiceUnavailable")},
	}}
}

// Inject lays the rule, or tells the backend.
func (f *APIErrors) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	if f.Via == viaBackend {
		return f.behind(h, a).inject(ctx, a, back)
	}
	answer := harness.Answer{Fail: true, Status: f.Status, Code: f.Code, Odds: f.Odds}
	return lay(ctx, h, a, harness.Effect{Answer: answer}, back)
}
