package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/names"
)

// controlEvery is how often canaries are sent over the links, and how long they may take.
const controlEvery = time.Second

// way is a link that controls go over, there and back.
type way struct{ from, to *harness.Place }

// ways are those from each vantage to every Region and to the identity provider.
func (p *Plan) ways(world *harness.World) (found []way) {
	for _, v := range p.Topology.Vantages {
		from := world.Place(v.Name)
		if from == nil {
			continue
		}
		for _, to := range world.Places {
			if to.Region || to.Name == names.IdPPlace {
				found = append(found, way{from, to})
			}
		}
	}
	return found
}

// control sends canaries over the links, one look a second, until done is closed or ctx ends. A look lasts a second at
// most, so that none meets the next, however long a fault holds its canaries. One that is cut short by the end is not
// recorded: what did not come back by then might have.
func (r *run) control(ctx context.Context, sys *harness.System, done <-chan struct{}) {
	ways := r.plan.ways(sys.World)
	if sys.RoundTrip == nil || len(ways) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() {
		select {
		case <-done:
			cancel()
		case <-ctx.Done():
		}
	})
	for next := time.Now(); waitUntil(ctx, next); next = later(next.Add(controlEvery), time.Now()) {
		c := roundTrips(ctx, r, sys, ways)
		if ctx.Err() != nil {
			return
		}
		r.record(history.Event{At: r.at(time.Now()), Type: history.TypeControl, Control: c})
	}
}

// roundTrips sends a canary over every way at once and waits for them. One that errs, or panics, did not come back.
func roundTrips(ctx context.Context, r *run, sys *harness.System, ways []way) *history.Control {
	ctx, cancel := context.WithTimeout(ctx, controlEvery)
	defer cancel()
	took := make([]time.Duration, len(ways))
	sent := time.Now()
	var trips sync.WaitGroup
	for i, w := range ways {
		trips.Go(func() {
			took[i] = -1
			err := harness.Guard("a target", func() error {
				d, err := sys.RoundTrip(ctx, w.from, w.to)
				if err == nil {
					took[i] = d
				}
				return err
			})
			if errors.Is(err, harness.ErrPanic) {
				r.stop(Stop{Reason: history.Broken, Detail: err.Error()})
			}
		})
	}
	trips.Wait()
	c := &history.Control{Sent: r.at(sent), Trips: []history.Trip{}}
	for i, w := range ways {
		if took[i] >= 0 {
			edge := harness.Edge{From: w.from.Name, To: w.to.Name}
			c.Trips = append(c.Trips, history.Trip{Edge: edge.String(), Took: history.At(took[i])})
		}
	}
	return c
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
