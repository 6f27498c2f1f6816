package fabric

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// goneLifted is what is to be said of a rule that is no longer laid.
const goneLifted = "the rule was lifted"

// Verify puts a new connection of the rule's own on every edge and tells what the links make of it. It waits for
// nothing: what becomes of a dial and of bytes is known when they set out, so a look takes no time however slow the
// links are, and a busy machine can't be taken for a fault, nor for its end.
func (l *laid) Verify(ctx context.Context) ([]harness.Sighting, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := l.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	var seen []harness.Sighting
	for _, c := range l.canaries {
		s := harness.Sighting{Edge: c.edge, At: time.Now(), Gone: goneLifted}
		if l.ended.IsZero() {
			s.Gone = c.misses()
		}
		seen = append(seen, s)
	}
	return seen, nil
}

// misses says by what a new connection shows that the rule doesn't act on it, where the rules that are laid say that it
// would show. It is put on the same lanes and judged by the same code as everybody's. With f.mu held, so that the books
// can't change meanwhile.
func (c *canary) misses() string {
	f := c.laid.fabric
	p := between(c.pipe.there.lane, c.pipe.back.lane)
	defer p.fail(ErrClosed)
	books, met := f.shapeOf(c.carries(), time.Time{}), p.there.lane.shape.Load()
	switch c.laid.rule.Mode {
	case refuse:
		if !met.refuse {
			return "a dial would succeed"
		}
	case reset:
		if !p.there.cuts(met) {
			return "first bytes would arrive"
		}
	case http503:
		if !met.busy {
			return "the edge would pass a request on"
		}
	default:
		return c.passes(p, &books)
	}
	return ""
}

// passes sends a token along the edge, and says by what it shows that the rule does not act on bytes. A hole that gives
// way to a rule that cuts holds nothing; that is in the books.
func (c *canary) passes(p *pipe, books *shape) string {
	near, far := c.along(p)
	sent := time.Now()
	if _, err := near.Write(token); err != nil {
		return "what was sent along it failed: " + err.Error()
	}
	held, took := far.in.fate(sent)
	switch {
	case c.laid.rule.Mode == blackhole:
		if books.hole && !held {
			return "what was sent along it arrives"
		}
	case took < books.least():
		return fmt.Sprintf("what was sent along it takes %s, and should take at least %s", took, books.least())
	}
	return ""
}

// fate is what will become of the first bytes on their way if nothing changes: they are held, or take so long.
func (h *half) fate(sent time.Time) (held bool, took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return true, 0
	}
	due := h.queue[0].due
	_, arrives, _ := h.look(h.lane.shape.Load(), due)
	return !arrives, due.Sub(sent)
}

// Verify asks on every edge what the rules make of a call that the rule selects: by the very judgement that all calls
// go through, but without a call, so that no link and no latency is in the way. Odds are not drawn for it.
func (l *laidAPI) Verify(ctx context.Context) ([]harness.Sighting, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := l.fabric
	if f.ctx.Err() != nil {
		return nil, ErrClosed
	}
	var seen []harness.Sighting
	for _, a := range l.asks {
		s := harness.Sighting{Edge: a.edge, At: time.Now()}
		o := f.apis.judge(&call{a.service, a.edge.From, a.edge.To, a.operation.name}, l)
		switch laid := f.apis.rules.Load(); {
		case !slices.Contains(*laid, l):
			s.Gone = goneLifted
		case o.answer != nil && o.answer != l: // what answers before it hides it
		case !slices.Contains(o.acted, l):
			s.Gone = fmt.Sprintf("a call of %s would pass as if it weren't there", a.operation.name)
		}
		seen = append(seen, s)
	}
	return seen, nil
}
