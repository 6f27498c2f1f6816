package faults

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// linkCases are its contract: who comes to the Region waits, and nobody fails.
var linkCases = []harness.Case{
	{Settings: `{"latency": "40ms"}`, Breaks: []harness.Break{harness.Slow(harness.Here)}},
	{Settings: `{"jitter": "20ms", "bandwidth": 65536}`, Breaks: []harness.Break{harness.Slow(harness.Here)}},
}

// Link makes links slow. What it says is added on each direction that it hits.
type Link struct {
	network
	Latency   time.Duration `yaml:"latency" max:"1m" doc:"added one way, so that a round trip over both directions takes twice as much longer"`
	Jitter    time.Duration `yaml:"jitter" max:"1m" doc:"up to this much more, drawn anew again and again"`
	Bandwidth int64         `yaml:"bandwidth" min:"1024" doc:"bytes a second, one way; without it there is no limit"`
}

// Aim takes the links of a place.
func (f *Link) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Links(w, s)
	if f.Latency == 0 && f.Jitter == 0 && f.Bandwidth == 0 {
		problems = append(problems, harness.Problem{
			Key: "kind", Sentence: "it changes nothing: give latency, jitter or bandwidth",
		})
	}
	a.Summary = f.summary() + " of " + a.Summary
	return a, problems
}

func (f *Link) summary() string {
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
func (f *Link) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	shape := harness.Traffic{Latency: f.Latency, Jitter: f.Jitter, Bandwidth: f.Bandwidth}
	return lay(ctx, h, a, harness.Effect{Traffic: shape}, back)
}
