package faults

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Link makes links slow. What it says is added on each direction that it hits.
type Link struct {
	laid
	Latency   time.Duration `yaml:"latency" max:"1m" doc:"added one way, so that a round trip over both directions takes twice as much longer"`
	Jitter    time.Duration `yaml:"jitter" max:"1m" doc:"up to this much more, drawn anew again and again"`
	Bandwidth int64         `yaml:"bandwidth" min:"1024" doc:"bytes a second, one way; without it there is no limit"`
}

func newLink() harness.Fault { return &Link{} }

// Needs says why a target can't carry it.
func (f *Link) Needs(can harness.Capabilities) error { return needsNetwork(can) }

// Problems says what of it makes no sense.
func (f *Link) Problems(harness.Topology) []harness.Problem {
	if f.Latency == 0 && f.Jitter == 0 && f.Bandwidth == 0 {
		return []harness.Problem{{Key: "kind", Sentence: "it changes nothing: give latency, jitter or bandwidth"}}
	}
	return nil
}

// Summary of it.
func (f *Link) Summary() string {
	var parts []string
	if f.Latency > 0 {
		parts = append(parts, fmt.Sprintf("%v more", f.Latency))
	}
	if f.Jitter > 0 {
		parts = append(parts, fmt.Sprintf("up to %v jitter", f.Jitter))
	}
	if f.Bandwidth > 0 {
		parts = append(parts, fmt.Sprintf("%d bytes a second", f.Bandwidth))
	}
	return strings.Join(parts, ", ")
}

// Inject lays the rule.
func (f *Link) Inject(ctx context.Context, hit harness.Hit, back *rollback.Stack) (rollback.Undo, error) {
	return f.lay(ctx, hit, harness.Rule{Mode: harness.Shape, Latency: f.Latency, Jitter: f.Jitter, Bandwidth: f.Bandwidth}, back)
}
