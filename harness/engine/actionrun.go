package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// actionRun is one action in one run: requested, done and, where it lasts for a time only, undone.
type actionRun struct {
	*plannedAction
	timeline *timeline
	r        *run
	last     time.Time // when it was done, or its undo was due; read after run has returned
}

// run is the action from its instant to its end. What lasts until the run ends is taken back by the way back.
func (a *actionRun) run(ctx context.Context) {
	if !a.timeline.due(ctx, a.aim.Name, a.at) {
		return
	}
	a.tell(history.Requested, "")
	var undo rollback.Undo
	err := harness.Guard("an action", func() (err error) {
		undo, err = a.action.Do(ctx, a.timeline.handles, a.aim, a.r.back)
		return err
	})
	_, refused := errors.AsType[*harness.Refusal](err)
	if a.last = time.Now(); err != nil {
		a.tell(history.Failed, err.Error())
		if refused { // what the system doesn't do is data
			return
		}
		a.r.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("doing %s: %v", a.aim.Name, err)})
		return
	}
	a.tell(history.Done, "")
	if a.aim.Mark != "" {
		a.r.record(history.Event{At: a.r.at(a.last), Type: history.TypeMarker,
			Marker: &history.Marker{Name: a.aim.Mark, Subject: a.aim.On}})
	}
	if a.aim.Repairs {
		a.timeline.repaired(ctx, a.plannedAction)
	}
	if a.lasts == 0 {
		return
	}
	a.last = a.last.Add(a.lasts)
	waitUntil(ctx, a.last)
	if err := harness.Guard("an action", func() error { return undo(ctx) }); err != nil {
		a.tell(history.Failed, err.Error()) // the way back reports it
		return
	}
	a.tell(history.Undone, "")
}

func (a *actionRun) tell(change history.ChangeKind, detail string) {
	a.r.record(history.Event{At: a.r.at(time.Now()), Type: history.TypeAction,
		Action: &history.Change{Name: a.aim.Name, Change: change, Detail: detail}})
}
