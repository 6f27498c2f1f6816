package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// The other mode of a fault of replication.
const modeLag = "lag"

// replicationCases are its contract: who signs in doesn't notice; what is stale is another measure's.
var replicationCases = []harness.Case{
	{Settings: `{"mode": "pause"}`},
	{Settings: `{"mode": "pause", "stream": "sessions"}`},
	{Settings: `{"mode": "lag", "lag": "30s"}`},
}

// Replication holds up what other Regions replicate to a Region, while people, the identity provider and all APIs reach
// every Region as ever. What has changed meanwhile is missing there: people whom the primary no longer lets in still
// get in, new ones don't. It comes in order when the fault ends.
type Replication struct {
	Mode   string        `yaml:"mode" enum:"pause,lag" doc:"pause: nothing comes until the fault ends; lag: each entry comes later, by lag"`
	Lag    time.Duration `yaml:"lag" min:"0s" max:"1h" doc:"with lag: how much later than replication is anyway"`
	Stream string        `yaml:"stream" enum:"all,identities,permission_sets,configuration,applications,sessions" doc:"what is held up; sign-outs and revocations are among the sessions, as AWS has them, in one order, and so they are held up with those or not at all. Identities, permission sets and the configuration come from the primary alone"`
}

// Needs the streams.
func (*Replication) Needs() []string { return []string{"streams"} }

// Aim takes what comes to a Region.
func (f *Replication) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	fromPrimary := f.Stream == "identities" || f.Stream == "permission_sets" || f.Stream == "configuration"
	a, problems := aim.Streams(w, s, fromPrimary)
	if (f.Mode == modeLag) != (f.Lag > 0) {
		problems = append(problems, harness.Problem{Key: "lag",
			Sentence: "mode: lag needs a lag, and no other mode takes one"})
	}
	what := "replication to "
	if f.Stream != streamAll {
		what = "replication of " + strings.ReplaceAll(f.Stream, "_", " ") + " to "
	}
	how := "paused "
	if f.Mode == modeLag {
		how = span(f.Lag) + " more lag of "
	}
	a.Summary = how + what + a.Summary
	return a, problems
}

// streamAll stands for every stream.
const streamAll = "all"

// errHeld is what a canary is told that asks for a stream which is held up.
var errHeld = errors.New("it is held up")

// Inject holds the streams up. A hold dies with the run, so nobody else needs to know how to undo it. Its proof is what
// the sending Regions say that they act on, once nothing that they sent before is on its way.
func (f *Replication) Inject(
	ctx context.Context, h *harness.Handles, a harness.Aim, back *rollback.Stack,
) (harness.Injection, error) {
	var holds []harness.Hold
	for _, e := range a.Edges {
		hold := harness.Hold{Name: a.Name, Edge: e, Pause: f.Mode != modeLag, Lag: f.Lag}
		if f.Stream != streamAll {
			hold.Stream = f.Stream
		}
		holds = append(holds, hold)
	}
	each := func(do func(context.Context, harness.Hold) error) func(context.Context) error {
		return func(ctx context.Context) error {
			var errs []error
			for _, hold := range holds {
				errs = append(errs, do(ctx, hold))
			}
			return errors.Join(errs...)
		}
	}
	injected, err := pull(ctx, a, back, change{
		what: "the replication to " + a.Region, ask: func(ctx context.Context) error { return held(ctx, h.Streams, holds) },
		refused: func(err error) bool { return errors.Is(err, errHeld) },
		do:      each(h.Streams.Hold), undo: each(h.Streams.Release),
	})
	return saying(injected, "nothing holds up what is replicated to "+a.Region), err
}

// held is errHeld where all of them are in force, and nil where none is.
func held(ctx context.Context, streams harness.Streams, holds []harness.Hold) error {
	in := 0
	for _, hold := range holds {
		held, err := streams.Held(ctx, hold)
		if err != nil {
			return err
		}
		if held {
			in++
		}
	}
	switch in {
	case 0:
		return nil
	case len(holds):
		return errHeld
	}
	return fmt.Errorf("%d of %d Regions hold it up", in, len(holds))
}
