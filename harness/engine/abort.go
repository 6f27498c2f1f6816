package engine

import (
	"fmt"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/harness/history"
)

// abort watches one condition under which a run does too much harm to go on. It is judged at every attempt that ends:
// of those that ended within Over and were due after zero, the share that was good. What is no evidence (unknown,
// dropped) is left out.
type abort struct {
	history.AbortIf

	mu    sync.Mutex
	ended []sample // by when they ended
	done  bool
}

type sample struct {
	at   history.Instant
	good bool
}

// see takes an attempt in, and says why the run must end; empty: it needn't.
func (a *abort) see(at *history.Attempt) string {
	evidence := at.Outcome == history.Good || at.Outcome == history.Bad
	if at.Probe != a.Probe || !evidence || at.Due < 0 {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = append(a.ended, sample{at.Ended, at.Outcome == history.Good})
	slices.SortFunc(a.ended, func(x, y sample) int { return int(min(max(x.at-y.at, -1), 1)) })
	last := a.ended[len(a.ended)-1].at
	a.ended = slices.DeleteFunc(a.ended, func(s sample) bool { return s.at <= last-a.Over })
	if a.done || last < a.Over {
		return ""
	}
	good := 0
	for _, s := range a.ended {
		if s.good {
			good++
		}
	}
	if history.Kept(good, len(a.ended), a.Below) {
		return ""
	}
	a.done = true
	return fmt.Sprintf("%d of the %d attempts of %s that ended within %v were good, less than the %g of abort_if",
		good, len(a.ended), a.Probe, a.Over.Duration(), a.Below)
}

// aborts are the conditions of a run.
func (p *Plan) aborts() []*abort {
	var all []*abort
	for _, a := range p.Record.AbortIf {
		all = append(all, &abort{AbortIf: a})
	}
	return all
}

// harmed stops the run where an attempt shows that it does too much harm.
func (r *run) harmed(at *history.Attempt) {
	for _, a := range r.aborts {
		if why := a.see(at); why != "" {
			r.stop(Stop{Reason: history.Aborted, Detail: why})
		}
	}
}
