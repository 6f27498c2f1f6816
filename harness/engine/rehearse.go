package engine

import (
	"context"
	"errors"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// rehearseLimit is how long a fault may take to be proven in a rehearsal; it ends as soon as it is.
const rehearseLimit = proveLimit

// rehearse lays each fault in turn, proves it, and takes it back, whenever it would come in the drill. People have left
// by then, and the system is the run's own, so nobody meets any of it. Actions are not done.
func (t *timeline) rehearse(ctx context.Context) {
	for _, f := range t.faults {
		if ctx.Err() != nil {
			return
		}
		if err := f.begin(ctx, rehearseLimit); err == nil {
			f.prove(ctx)
		}
		if f.injection != nil {
			f.heal(ctx)
		}
	}
}

// rehearsed is the stop with which a rehearsal ends that nothing else has stopped.
func rehearsed() Stop {
	return Stop{Reason: history.Rehearsed, Detail: "it was a rehearsal: nobody was harmed, and nothing was measured"}
}

// Rehearsal is what came of a rehearsal, by its history.
type Rehearsal struct {
	Steady bool // the people of the warm-up got what they came for
	Why    string
	Faults []RehearsedFault
}

// RehearsedFault is what came of one fault. Laid is from when it was asked for to when it was proven on the last of its
// links, Lifted the same of taking it back; negative: that was never proven, for the reason in Trouble.
type RehearsedFault struct {
	Name, Summary string
	Laid, Lifted  time.Duration
	Trouble       string
}

// Passed tells whether all that is needed for the drill was seen to work.
func (r *Rehearsal) Passed() bool {
	for _, f := range r.Faults {
		if f.Laid < 0 || f.Lifted < 0 {
			return false
		}
	}
	return r.Steady
}

// ReadRehearsal reads it. The error is that it was stopped by something else.
func ReadRehearsal(h *history.History) (*Rehearsal, error) {
	r := &Rehearsal{Steady: true}
	if h.End == nil {
		return nil, errors.New("the rehearsal did not finish")
	}
	switch h.End.Reason {
	case history.Rehearsed:
	case history.NotSteady:
		r.Steady, r.Why = false, h.End.Detail
	default:
		return nil, errors.New("the rehearsal was stopped: " + h.End.Reason + " " + h.End.Detail)
	}
	for _, f := range h.Plan.Faults {
		r.Faults = append(r.Faults, rehearsedFault(h, f))
	}
	return r, nil
}

func rehearsedFault(h *history.History, of history.Fault) RehearsedFault {
	f := RehearsedFault{Name: of.Name, Summary: of.Summary, Laid: -1, Lifted: -1}
	var requested, healing history.Instant
	for _, e := range h.Events {
		if e.Fault == nil || e.Fault.Name != of.Name {
			continue
		}
		switch e.Fault.Change {
		case history.Requested:
			requested = e.At
		case history.Effective:
			f.Laid = (lastEdge(e.Fault.Edges) - requested).Duration()
		case history.Healing:
			healing = e.At
		case history.Healed:
			f.Lifted = (lastEdge(e.Fault.Edges) - healing).Duration()
		case history.Unproven:
			f.Trouble = e.Fault.Detail
		}
	}
	return f
}
