package engine

import (
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// watch lets the plan's heartbeat beat, and writes down what it tells, until stop.
func (r *run) watch() (stop func()) {
	if r.plan.Heartbeat == nil {
		return func() {}
	}
	return r.plan.Heartbeat(r.zero, func(s history.Stall) {
		r.record(history.Event{At: r.at(time.Now()), Type: history.TypeStall, Stall: &s})
	})
}
