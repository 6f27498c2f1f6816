package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// rig watches what the system under test stands on, from the warm-up until done is closed and it is known how each part
// then was. No fault acts on it: what it loses is ours, and nothing that was measured from then on can be believed.
func (r *run) rig(ctx context.Context, parts []harness.RigPart, done <-chan struct{}) {
	var watching sync.WaitGroup
	for _, p := range parts {
		watching.Go(func() { r.watchPart(ctx, p, done) })
	}
	watching.Wait()
}

// watchPart asks once a second and a last time when done is closed, and records the first time that it is lost. One
// that says nothing may be slow, as this machine may be; it is lost when it has said nothing several times in a row, so
// of one that says nothing at the end it is asked until that is known.
func (r *run) watchPart(ctx context.Context, p harness.RigPart, done <-chan struct{}) {
	tick := time.NewTicker(verifyEvery)
	defer tick.Stop()
	seen, silent, over := time.Now(), 0, false
	for {
		asked := time.Now()
		err := r.askPart(ctx, p)
		switch {
		case ctx.Err() != nil || err == nil && over:
			return
		case err == nil:
			seen, silent = asked, 0
		case errors.Is(err, context.DeadlineExceeded) && silent < blindLooks:
			silent++
		default:
			r.record(history.RigLost.Event(r.at(time.Now()),
				history.Rig{Part: p.Name, Seen: r.at(seen), Detail: err.Error()}))
			return
		}
		select {
		case <-tick.C:
		case <-done:
			over = true
		case <-ctx.Done():
			return
		}
	}
}

func (r *run) askPart(ctx context.Context, p harness.RigPart) error {
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	err := harness.Guard("a target", func() error { return p.Ask(ctx) })
	if errors.Is(err, harness.ErrPanic) {
		r.stop(Stop{Reason: history.Broken, Detail: fmt.Sprintf("asking %s: %v", p.Name, err)})
	}
	return err
}

// notices writes down what the system notices and decides by itself, as markers about whatever there is to notice.
func (r *run) notices(sys *harness.System) {
	if sys.Notices == nil {
		return
	}
	sys.Notices(func(mark string) {
		r.record(history.Event{At: r.at(time.Now()), Type: history.TypeMarker, Marker: &history.Marker{Name: mark}})
	})
}
