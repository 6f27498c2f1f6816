package fabric

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/regiondrill/regiondrill/harness"
)

// refusal refuses dials along the edges, after a round trip.
type refusal struct{}

func (refusal) of(t *harness.Traffic) bool { return t.Refuse }

func (refusal) change(s *shape, r *harness.Rule, _, dialled bool) {
	s.refuse = s.refuse || dialled
	s.cut = s.cut || dialled && r.Effect.Cut
}

func (refusal) see(ctx context.Context, c *linkCanary) error {
	p, err := c.dial(ctx)
	if err == nil {
		p.fail(ErrClosed)
		return errors.New("a dial succeeded")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("a dial was not refused: %w", err)
	}
	return nil
}

func (refusal) misses(_ *linkCanary, p *pipe, _ *shape) string {
	if !p.there.lane.shapeNow().refuse {
		return "a dial would succeed"
	}
	return ""
}
