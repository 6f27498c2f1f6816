package faults

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// linkCases are its contract: who comes to the Region waits, or is cut off now and then.
var linkCases = []harness.Case{
	{Settings: `{"latency": "40ms"}`, Breaks: []harness.Break{harness.Slow(harness.Here)}},
	{Settings: `{"jitter": "20ms", "bandwidth": 65536}`, Breaks: []harness.Break{harness.Slow(harness.Here)}},
	{Settings: `{"reset": 0.9}`, Breaks: []harness.Break{{At: harness.Here, Class: history.ClassReset, Some: true}}},
}

// Link makes links slow, or lossy: some of the connections are reset. What it says is added on each direction that it
// hits. A connection that is kept and was lucky goes on.
type Link struct {
	network
	Latency   time.Duration `yaml:"latency" max:"1m" doc:"added one way, so that a round trip over both directions takes twice as much longer"`
	Jitter    time.Duration `yaml:"jitter" max:"1m" doc:"up to this much more, drawn anew again and again"`
	Bandwidth int64         `yaml:"bandwidth" min:"1024" doc:"bytes a second, one way; without it there is no limit"`
	Reset     float64       `yaml:"reset" min:"0" max:"1" doc:"the share of connections that are reset with their next bytes, drawn once for each"`
}

// Aim takes the links of a place.
func (f *Link) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	a, problems := aim.Links(w, s)
	if *f == (Link{}) {
		problems = append(problems, harness.Problem{
			Key: "kind", Sentence: "it changes nothing: give latency, jitter, bandwidth or reset",
		})
	}
	a.Summary, a.Unseen = f.summary()+" of "+a.Summary, f.Latency+f.Jitter
	return a, problems
}

func (f *Link) summary() string {
	var parts []string
	if f.Latency > 0 {
		parts = append(parts, span(f.Latency)+" more")
	}
	if f.Jitter > 0 {
		parts = append(parts, "up to "+span(f.Jitter)+" jitter")
	}
	if f.Bandwidth > 0 {
		parts = append(parts, fmt.Sprintf("%d bytes a second", f.Bandwidth))
	}
	if f.Reset > 0 {
		parts = append(parts, strconv.FormatFloat(f.Reset, 'g', -1, 64)+" of the connections reset")
	}
	return strings.Join(parts, ", ")
}

// Inject lays the rule.
func (f *Link) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	shape := harness.Traffic{Latency: f.Latency, Jitter: f.Jitter, Bandwidth: f.Bandwidth,
		Reset: f.Reset > 0, ResetOdds: f.Reset}
	return lay(ctx, h, a, harness.Effect{Traffic: shape}, back)
}
