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
	good  int      // of those
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
	a.enter(sample{at.Ended, at.Outcome == history.Good})
	last := a.ended[len(a.ended)-1].at
	for a.ended[0].at <= last-a.Over {
		if a.ended[0].good {
			a.good--
		}
		a.ended = a.ended[1:]
	}
	if a.done || last < a.Over || history.Kept(a.good, len(a.ended), a.Below) {
		return ""
	}
	a.done = true
	return fmt.Sprintf("%d of the %d attempts of %s that ended within %v were good, less than the %g of abort_if",
		a.good, len(a.ended), a.Probe, a.Over.Duration(), a.Below)
}

// enter puts a sample where it belongs: near the end, as attempts are told of about when they end. With a.mu held.
func (a *abort) enter(s sample) {
	i := len(a.ended)
	for i > 0 && a.ended[i-1].at > s.at {
		i--
	}
	if a.ended = slices.Insert(a.ended, i, s); s.good {
		a.good++
	}
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
