package faults

import (
	"context"
	"fmt"
	"strings"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// APIErrors makes an API answer with errors of its own, so that clients see what they would see of AWS, and try again
// as they would.
type APIErrors struct {
	laid
	Status int     `yaml:"status" min:"400" max:"599" doc:"of HTTP; if not said, what the service gives with code"`
	Code   string  `yaml:"code" doc:"AWS's error code; if not said, what the service gives with status, or when it is at fault itself"`
	Odds   float64 `yaml:"odds" min:"0.001" max:"1" doc:"the share of calls that fail, drawn anew for each"`
}

func newAPIErrors() harness.Fault { return &APIErrors{Odds: 1} }

// Needs says why a target can't carry it.
func (f *APIErrors) Needs(can harness.Capabilities) error { return needsCalls(can) }

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

// Inject lays the rule.
func (f *APIErrors) Inject(ctx context.Context, hit harness.Hit, back *rollback.Stack) (rollback.Undo, error) {
	return f.layCalls(ctx, hit, harness.APIRule{Answer: harness.Fail, Status: f.Status, Code: f.Code, Odds: f.Odds}, back)
}
