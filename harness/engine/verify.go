package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

const (
	verifyEvery = time.Second            // between looks at a fault that should be in force
	verifyLimit = 900 * time.Millisecond // of a look, so that it is over when the next one is due
	blindLooks  = 3                      // may tell nothing in a row
	lastLook    = 30 * time.Millisecond  // before the undo is due: what is lost in the last second shows there
)

// verification is the watch over one fault from when it is effective until its undo is due.
type verification struct {
	f     *injected
	edges []*watched
}

// watched is an edge on which the fault was proven.
type watched struct {
	edge  harness.Edge
	seen  time.Time // when it was last seen in force
	blind int       // looks since then that told nothing
}

// look is what one look at a fault came to.
type look struct {
	seen    []harness.Sighting
	err     error
	expired time.Time // when the fault ended by itself; zero: it didn't
}

// errOut is why a look tells nothing that has not returned.
var errOut = errors.New("the look before has not returned")

// verify looks every second whether the fault is in force still, and records the first time that it isn't. What it
// returns ends it: nothing is recorded after that. Looks run beside it, so that one that hangs holds nobody up. What
// was never proven is not looked at.
func (f *injected) verify(ctx context.Context, proofs []harness.Proof) (stop func()) {
	if len(proofs) == 0 {
		return func() {}
	}
	v := &verification{f: f}
	for _, p := range proofs {
		v.edges = append(v.edges, &watched{edge: p.Edge, seen: p.At})
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.watch(ctx)
	}()
	return func() { cancel(); <-done }
}

// watch looks until ctx ends or there is nothing more to tell. No look is begun while another is out.
func (v *verification) watch(ctx context.Context) {
	tick := time.NewTicker(verifyEvery)
	defer tick.Stop()
	last := time.NewTimer(time.Until(v.f.healing.Add(-lastLook)))
	defer last.Stop()
	var out chan look // nil while none is
	begin := func() {
		out = make(chan look, 1)
		go func(out chan<- look) { out <- v.look(ctx) }(out)
	}
	for over := false; !over; {
		select {
		case <-ctx.Done():
			return
		case l := <-out:
			out, over = nil, v.heed(ctx, l)
		case <-tick.C:
			if out != nil {
				over = v.heed(ctx, look{err: errOut})
				continue
			}
			begin()
		case <-last.C:
			if out == nil {
				begin()
			}
		}
	}
}

// look asks the fault once.
func (v *verification) look(ctx context.Context) (l look) {
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	l.err = harness.Guard("a fault", func() (err error) {
		l.seen, err = v.f.injection.Verify(ctx)
		l.expired = v.f.expiry()
		return err
	})
	return l
}

// heed records what a look came to, and tells whether there is nothing more to look for: whatever was lost once is
// lost, whether or not it comes back. What comes when the fault is being undone is heeded no more.
func (v *verification) heed(ctx context.Context, l look) (over bool) {
	switch {
	case ctx.Err() != nil:
		return true
	case errors.Is(l.err, harness.ErrPanic):
		v.f.by.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("verifying %s: %v", v.f.aim.Name, l.err)})
		return true
	case !l.expired.IsZero():
		v.f.expire(l.expired)
		return true
	case l.err == nil && len(l.seen) == 0: // nothing of it stays in force
		return true
	}
	var lost []history.Edge
	var why []string
	for _, w := range v.edges {
		if said := w.heed(l, v.f.by); said != "" {
			lost = append(lost, history.Edge{Edge: w.edge.String(), At: v.f.by.at(w.seen)})
			why = append(why, said)
		}
	}
	if len(lost) == 0 {
		return false
	}
	slices.Sort(why)
	v.f.tell(history.Lost, lost, strings.Join(slices.Compact(why), "; "))
	return true
}

// heed says why the fault counts as lost on the edge, empty where it doesn't.
func (w *watched) heed(l look, by teller) string {
	i := slices.IndexFunc(l.seen, func(s harness.Sighting) bool { return s.Edge == w.edge })
	switch {
	case i >= 0 && l.seen[i].Gone != "":
		return l.seen[i].Gone
	case i >= 0:
		w.seen, w.blind = l.seen[i].At, 0
		return ""
	}
	if w.blind++; w.blind <= blindLooks {
		return ""
	}
	why := ""
	if l.err != nil {
		why = ": " + l.err.Error()
	}
	return fmt.Sprintf("nobody could see whether it was in force since %s s%s", by.at(w.seen), why)
}

// expiry is when the fault ended by itself, zero where it didn't.
func (f *injected) expiry() time.Time {
	if at, expired := f.injection.Expired(); expired {
		return at
	}
	return time.Time{}
}

// expire records, once, that a fault has ended by itself.
func (f *injected) expire(at time.Time) {
	if f.expired || at.IsZero() {
		return
	}
	f.expired = true
	change := &history.Change{Name: f.aim.Name, Change: history.Expired}
	f.by.record(history.Event{At: f.by.at(at), Type: history.TypeFault, Fault: change})
}
