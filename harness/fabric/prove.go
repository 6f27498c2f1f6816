package fabric

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// sighting is what a canary found out.
type sighting struct {
	done chan struct{}
	at   time.Time
	err  error
}

func (s *sighting) settle(at time.Time, err error) {
	s.at, s.err = at, err
	close(s.done)
}

// Prove waits until canaries on every edge saw the rule in force, or saw it lifted. The instant is that from which on
// what sets out meets the rule, or gets through. A rule that a canary saw to be without effect is an error. Where
// another rule hides that this one is gone, it waits until that is lifted too.
func (l *laid) Prove(ctx context.Context, inForce bool) ([]harness.Proof, error) {
	var proofs []harness.Proof
	for _, c := range l.canaries {
		s, what := &c.healed, "lifted"
		if inForce {
			s, what = &c.inForce, "in force"
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("proving %s %s on %s: %w", l.rule.Name, what, c.edge, ctx.Err())
		}
		if s.err != nil {
			return nil, fmt.Errorf("proving %s %s on %s: %w", l.rule.Name, what, c.edge, s.err)
		}
		proofs = append(proofs, harness.Proof{Edge: c.edge, At: s.at})
	}
	return proofs, nil
}

// errLifted is why a rule that was lifted early is not proven.
var errLifted = errors.New("it was lifted before")

// observe sends the canaries' first tokens and starts to look for what became of them. With fabric.mu held.
func (l *laid) observe() {
	ctx, stop := context.WithCancel(l.fabric.ctx)
	l.stop = stop
	for _, c := range l.canaries {
		c.send()
	}
	for _, c := range l.canaries {
		l.fabric.work.Go(func() {
			err := c.see(ctx)
			if c.control != nil {
				c.control.fail(ErrClosed)
			}
			if ctx.Err() != nil {
				err = errLifted
			}
			c.inForce.settle(c.sent, err)
		})
	}
}

// observeHealing looks for the rule's end. With fabric.mu held.
func (l *laid) observeHealing() {
	now := time.Now()
	for _, c := range l.canaries {
		s := l.fabric.shapeOf(c.carries(), now)
		round := l.fabric.round(c.pipe)
		if c.lifted = now; c.ceiling == s.least() {
			c.ceiling = 0 // the rule made no difference that one token can show
		}
		l.fabric.work.Go(func() {
			<-c.inForce.done
			c.round = round
			defer c.pipe.fail(ErrClosed)
			c.healed.settle(c.seeHealed(l.fabric.ctx))
		})
	}
}
