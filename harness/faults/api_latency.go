package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// APILatency makes an API slow to answer, while the links to it are as fast as ever.
type APILatency struct {
	laid
	Latency time.Duration `yaml:"latency" required:"true" min:"1ms" max:"5m" doc:"a call takes this much longer"`
	Odds    float64       `yaml:"odds" min:"0.001" max:"1" doc:"the share of calls that are slow, drawn anew for each"`
}

func newAPILatency() harness.Fault { return &APILatency{Odds: 1} }

// Needs says why a target can't carry it.
func (f *APILatency) Needs(can harness.Capabilities) error { return needsCalls(can) }

// Summary of it.
func (f *APILatency) Summary() string { return fmt.Sprintf("%v more for %s", f.Latency, share(f.Odds)) }

// Inject lays the rule.
func (f *APILatency) Inject(ctx context.Context, hit harness.Hit, back *rollback.Stack) (rollback.Undo, error) {
	return f.layCalls(ctx, hit, harness.APIRule{Latency: f.Latency, Odds: f.Odds}, back)
}
