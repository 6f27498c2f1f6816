package fabric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// witness finds out on one edge what a rule does there. There are two: one sends bytes along the link, the other goes
// the whole way that a client goes to a host.
type witness interface {
	// inForce and lifted are called right after the change, with fabric.mu held, and tell how to look for it: until the
	// change is seen, or an error shows that there was none. The instant is that from which on what sets out meets the
	// rule, or gets through.
	inForce() look
	lifted() look
	// misses says at once by what a new connection shows that the rule, which is laid, does not act on it; empty where
	// it does, or where another rule hides it. With fabric.mu held.
	misses() string
	close()
}

type look func(ctx context.Context) (since time.Time, err error)

// observed is a witness and what it found out.
type observed struct {
	witness
	edge         harness.Edge
	begun, ended finding
}

// finding is what a look has come to.
type finding struct {
	done chan struct{}
	at   time.Time
	err  error
}

func (s *finding) settle(at time.Time, err error) {
	s.at, s.err = at, err
	close(s.done)
}

// station finds the witnesses of a rule, at most one of each kind an edge. With fabric.mu held.
func (l *laid) station() error {
	var errs []error
	add := func(e harness.Edge, w witness) {
		o := &observed{witness: w, edge: e}
		o.begun.done, o.ended.done = make(chan struct{}), make(chan struct{})
		l.witnesses = append(l.witnesses, o)
	}
	for i, e := range l.rule.Edges {
		if slices.Contains(l.rule.Edges[:i], e) {
			continue
		}
		if t := trafficOf(&l.rule.Effect.Traffic); t != nil {
			if c := l.linkCanary(e, t); c != nil {
				add(e, c)
			}
		}
		if s := stageOf(&l.rule.Effect); s != nil {
			c, err := l.requestCanary(e, s)
			if c != nil {
				add(e, c)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// errLifted is why a rule that was lifted early is not proven.
var errLifted = errors.New("it was lifted before")

// observe starts to look for the rule. With fabric.mu held.
func (l *laid) observe() {
	for _, w := range l.witnesses {
		look := w.inForce()
		l.fabric.work.Go(func() {
			at, err := looked(l.ctx, look)
			if l.ctx.Err() != nil {
				err = errLifted
			}
			w.begun.settle(at, err)
		})
	}
}

// looked is what came of a look. What a kind says of its effect may have a bug.
func looked(ctx context.Context, look func(context.Context) (time.Time, error)) (at time.Time, err error) {
	err = harness.Guard("a rule", func() error {
		at, err = look(ctx)
		return err
	})
	return at, err
}

// observeLifted looks for the rule's end. With fabric.mu held.
func (l *laid) observeLifted() {
	for _, w := range l.witnesses {
		look := w.lifted()
		l.fabric.work.Go(func() {
			<-w.begun.done
			defer w.close()
			w.ended.settle(looked(l.fabric.ctx, look))
		})
	}
}

// Prove waits until canaries on every edge saw the rule in force, or saw it lifted. The instant is that from which on
// what sets out meets the rule, or gets through. A rule that a canary saw to be without effect is an error. Where
// another rule hides that this one is gone, it waits until that is lifted too.
func (l *laid) Prove(ctx context.Context, inForce bool) ([]harness.Proof, error) {
	var proofs []harness.Proof
	for _, w := range l.witnesses {
		s, what := &w.ended, "lifted"
		if inForce {
			s, what = &w.begun, "in force"
		}
		var err error
		select {
		case <-s.done:
			err = s.err
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("proving %s %s on %s: %w", l.rule.Name, what, w.edge, err)
		}
		proofs = append(proofs, harness.Proof{Edge: w.edge, At: s.at})
	}
	return proofs, nil
}

// goneLifted is what is to be said of a rule that is no longer laid.
const goneLifted = "the rule was lifted"

// Verify asks the fabric on every edge what it makes of whoever sets out now: of a dial and of bytes by a new
// connection of the rule's own; of a request, a lookup or a certificate by the rules that it would go by. It waits for
// nothing: what becomes of them is known when they set out, so a look takes no time however slow the links are, and a
// busy machine can't be taken for a fault, nor for its end.
func (l *laid) Verify(ctx context.Context) ([]harness.Sighting, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.fabric.mu.Lock()
	defer l.fabric.mu.Unlock()
	if l.fabric.closed {
		return nil, ErrClosed
	}
	var seen []harness.Sighting
	for _, w := range l.witnesses {
		s := harness.Sighting{Edge: w.edge, At: time.Now(), Gone: goneLifted}
		if l.ended.IsZero() {
			s.Gone = w.misses()
		}
		seen = append(seen, s)
	}
	return seen, nil
}
