package fabric

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/regiondrill/regiondrill/harness"
)

// resetting resets connections dialled along the edges with their first bytes. The dial itself passes.
type resetting struct{}

func (resetting) of(t *harness.Traffic) bool { return t.Reset }

func (resetting) change(s *shape, r *harness.Rule, _, dialled bool) {
	s.reset = s.reset || dialled
	s.cut = s.cut || dialled && r.Effect.Cut
}

func (resetting) see(ctx context.Context, c *linkCanary) error {
	p, err := c.dial(ctx)
	if err != nil {
		return fmt.Errorf("dialling: %w", err)
	}
	defer p.fail(ErrClosed)
	defer context.AfterFunc(ctx, func() { p.fail(ErrClosed) })()
	switch err = c.speak(p); {
	case errors.Is(err, syscall.ECONNRESET):
		return nil
	case err == nil:
		return errors.New("first bytes arrived")
	}
	return fmt.Errorf("first bytes did not reset their connection: %w", err)
}

func (resetting) misses(_ *linkCanary, p *pipe, _ *shape) string {
	if !p.there.resets(p.there.lane.shapeNow()) {
		return "first bytes would arrive"
	}
	return ""
}
