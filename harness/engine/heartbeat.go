package engine

import (
	"context"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// watch runs the heartbeat, and records the stalls that it tells of, until stop.
func (r *run) watch() (stop func()) {
	if r.opts.Heartbeat == nil {
		return func() {}
	}
	stopped := r.opts.Heartbeat(r.zero, r.stall)
	ctx, cancel := context.WithCancel(context.Background())
	var pauses sync.WaitGroup
	for _, s := range r.schedules {
		if probe, can := s.probe.(harness.Pausing); can {
			pauses.Go(func() { r.pauses(ctx, s.rec.Name, probe) })
		}
	}
	return func() {
		cancel()
		pauses.Wait()
		stopped()
	}
}

func (r *run) stall(s history.Stall) {
	r.record(history.Event{At: r.at(time.Now()), Type: history.TypeStall, Stall: &s})
}

// pauses records the spans in which what a probe's people use didn't answer.
func (r *run) pauses(ctx context.Context, probe string, of harness.Pausing) {
	err := harness.Guard("a probe", func() error {
		of.Pauses(ctx, func(since, until time.Time) {
			s := history.Stall{Since: r.at(since), Until: r.at(until), By: history.StallBrowser, Probe: probe}
			s.Took = s.Until - s.Since
			r.stall(s)
		})
		return nil
	})
	if err != nil {
		r.stop(Stop{Reason: history.Broken, Detail: err.Error()})
	}
}
