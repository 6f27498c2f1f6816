package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// viaBackend has the emulator that plays KMS fail by itself, through LocalStack's chaos API.
const viaBackend = "backend"

// APIErrors makes an API answer with errors of its own, so that clients see what they would see of AWS, and try again
// as they would.
type APIErrors struct {
	laid
	Status int     `yaml:"status" min:"400" max:"599" doc:"of HTTP; if not said, what the service gives with code"`
	Code   string  `yaml:"code" doc:"AWS's error code; if not said, what the service gives with status, or when it is at fault itself"`
	Odds   float64 `yaml:"odds" min:"0.001" max:"1" doc:"the share of calls that fail, drawn anew for each"`
	Via    string  `yaml:"via" enum:"fabric,backend" doc:"who fails the calls: the network's edge, or the emulator behind it by LocalStack's chaos API"`

	backend *backendFault
	told    time.Time // when the backend was
	freed   time.Time
}

func newAPIErrors() harness.Fault { return &APIErrors{Odds: 1, Via: "fabric"} }

// Needs says why a target can't carry it.
func (f *APIErrors) Needs(can harness.Capabilities) error { return needsCalls(can) }

// Problems says what of it makes no sense.
func (f *APIErrors) Problems(t harness.Topology) []harness.Problem {
	if f.Via == viaBackend && cmp.Or(t.KMS.Backend, "embedded") == "embedded" {
		return []harness.Problem{{Key: "via", Sentence: "the embedded KMS has no chaos API: set system.kms.backend, or leave via out"}}
	}
	return nil
}

// Summary of it.
func (f *APIErrors) Summary() string {
	what := strings.TrimSpace(f.Code)
	switch {
	case what == "" && f.Status == 0:
		what = "errors"
	case f.Status != 0:
		what = strings.TrimSpace(fmt.Sprintf("%d %s", f.Status, what))
	}
	return what + " for " + share(f.Odds)
}

// Ready asks whether the backend can be told to fail.
func (f *APIErrors) Ready(ctx context.Context, hit harness.Hit) error {
	if f.Via != viaBackend {
		return nil
	}
	if hit.Calls.Service != "kms" || hit.Calls.From != "" {
		return &harness.Lack{Sentence: "via: backend fails calls of KMS alone, from wherever they come: say where: {region, service: kms}, and no from"}
	}
	return f.behind(hit).ready(ctx)
}

// behind is the rule for the backend, with LocalStack's defaults.
func (f *APIErrors) behind(hit harness.Hit) *backendFault {
	return &backendFault{URL: hit.KMS, Rule: backendRule{
		Service: hit.Calls.Service, Region: hit.Calls.Region, Operation: hit.Calls.Operation, Probability: f.Odds,
		Error: backendError{StatusCode: cmp.Or(f.Status, 503), Code: cmp.Or(f.Code, "ServiceUnavailable")},
	}}
}

// Inject lays the rule.
func (f *APIErrors) Inject(ctx context.Context, hit harness.Hit, back *rollback.Stack) (rollback.Undo, error) {
	if f.Via != viaBackend {
		return f.layCalls(ctx, hit, harness.APIRule{Answer: harness.Fail, Status: f.Status, Code: f.Code, Odds: f.Odds}, back)
	}
	f.backend = f.behind(hit)
	undo, err := f.backend.inject(ctx, back)
	if f.told = time.Now(); err != nil {
		return undo, fmt.Errorf("telling the backend of %s: %w", hit.Fault, err)
	}
	return func(ctx context.Context) error {
		err := undo(ctx)
		if f.freed.IsZero() {
			f.freed = time.Now()
		}
		return err
	}, nil
}

// Prove asks the fabric's canaries, or the backend whether it holds the rule. A backend's answer is its word alone: the
// instant is that at which it had taken the rule, or had let go of it.
func (f *APIErrors) Prove(ctx context.Context, hit harness.Hit, inForce bool) ([]harness.Proof, error) {
	if f.backend == nil {
		return f.laid.Prove(ctx, hit, inForce)
	}
	holds, err := f.backend.holds(ctx)
	if err != nil || holds != inForce {
		return nil, errors.Join(fmt.Errorf("the backend says that it holds the rule: %t", holds), err)
	}
	at := f.told
	if !inForce {
		at = f.freed
	}
	return proofs(hit, at), nil
}

// Verify asks what the fabric would make of a call, or the backend whether it holds the rule still.
func (f *APIErrors) Verify(ctx context.Context, hit harness.Hit) ([]harness.Sighting, error) {
	if f.backend == nil {
		return f.laid.Verify(ctx, hit)
	}
	asked, gone := time.Now(), ""
	holds, err := f.backend.holds(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the backend: %w", err)
	}
	if !holds {
		gone = "the backend no longer holds the rule"
	}
	return sightings(hit, asked, gone), nil
}
