package engine

import (
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// watch runs the heartbeat, and records the stalls that it tells of, until stop.
func (r *run) watch() (stop func()) {
	if r.opts.Heartbeat == nil {
		return func() {}
	}
	return r.opts.Heartbeat(r.zero, func(s history.Stall) {
		r.record(history.Event{At: r.at(time.Now()), Type: history.TypeStall, Stall: &s})
	})
}
