package fabric

import (
	"context"
	"errors"

	"github.com/regiondrill/regiondrill/harness"
)

// lookups are asked in a dial, before anything travels. Connections that stand have been looked up and are left alone.
type lookups struct{}

func (lookups) of(e *harness.Effect) bool                { return e.Lookup != nil }
func (lookups) acted(o *observation) bool                { return o.lookedUp.Load() }
func (lookups) shows(*requestCanary, *observation) error { return nil }
func (lookups) pass(c *requestCanary) string             { return "a lookup of " + c.host + " would pass it by" }

// dial looks a host up and connects to it.
func (f *Fabric) dial(ctx context.Context, from, host string, r *route, port uint16, v *visit) (*pipe, error) {
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer f.work.Done()
	there, back := f.lanesOf(from, r.place, host)
	for _, l := range there.rulesNow() {
		if err := l.lookUp(ctx, host, v); err != nil {
			return nil, &lookupError{err}
		}
	}
	return f.connect(ctx, there, back, r, port, v)
}

// lookUp asks a rule what becomes of the lookup of a host.
func (l *laid) lookUp(ctx context.Context, host string, v *visit) error {
	look := l.rule.Effect.Lookup
	if look == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.fabric.ctx, cancel)()
	err := harness.Guard("a lookup", func() error { return look(ctx, host) })
	if v != nil && v.laid == l {
		v.lookedUp.Store(true)
	} else if v != nil && err != nil && v.laid.rule.Effect.Lookup != nil {
		v.hidden.Store(true)
	}
	if err != nil && l.fabric.ctx.Err() != nil {
		err = errors.Join(ErrClosed, err)
	}
	return err
}

// lookupError marks what a rule made of a lookup: the address that was dialled was never known.
type lookupError struct{ error }

func (e *lookupError) Unwrap() error { return e.error }
