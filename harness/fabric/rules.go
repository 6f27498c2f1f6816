package fabric

import (
	"context"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// linkRule acts on links.
type linkRule struct {
	Name      string
	Edges     []harness.Edge
	Hosts     []string
	Mode      mode
	Lose      bool
	Latency   time.Duration
	Jitter    time.Duration
	Bandwidth int64
	Lease     time.Duration
}

type mode string

const (
	blackhole mode = "blackhole"
	refuse    mode = "refuse"
	reset     mode = "reset"
	http503   mode = "http_503"
	shaping   mode = "shape"
)

// apiRule acts on calls.
type apiRule struct {
	Name    string
	Calls   harness.Calls
	Edges   []harness.Edge
	Odds    float64
	Latency time.Duration
	Answer  answering
	Status  int
	Code    string
	Lease   time.Duration
}

type answering string

const (
	passOn   answering = ""
	fail     answering = "fail"
	throttle answering = "throttle"
)

// Lay puts a rule in force.
func (f *Fabric) Lay(ctx context.Context, r harness.Rule) (harness.Laid, error) {
	t, a := r.Effect.Traffic, r.Effect.Answer
	if r.Calls != nil {
		rule := apiRule{Name: r.Name, Calls: *r.Calls, Edges: r.Edges, Odds: a.Odds, Latency: a.Latency, Status: a.Status, Code: a.Code, Lease: r.Lease}
		switch {
		case a.Fail:
			rule.Answer = fail
		case a.Throttle:
			rule.Answer = throttle
		}
		return f.layAPI(ctx, rule)
	}
	rule := linkRule{Name: r.Name, Edges: r.Edges, Hosts: r.Hosts, Lease: r.Lease, Mode: shaping, Lose: t.Lose, Latency: t.Latency, Jitter: t.Jitter, Bandwidth: t.Bandwidth}
	switch {
	case t.Hole:
		rule.Mode = blackhole
	case t.Refuse:
		rule.Mode = refuse
	case t.Reset:
		rule.Mode = reset
	case a.Fail:
		rule.Mode = http503
	}
	return f.layLinks(ctx, rule)
}
