package fabric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// resetting resets connections dialled along the edges with their first bytes. The dial itself passes.
type resetting struct{}

func (resetting) of(t *harness.Traffic) bool { return t.Reset }

func (resetting) change(s *shape, r *harness.Rule, _, dialled bool) {
	switch odds := r.Effect.Traffic.ResetOdds; {
	case !dialled:
	case odds > 0 && odds < 1: // each rule draws by itself
		s.resets = 1 - (1-s.resets)*(1-odds)
	default:
		s.reset, s.cut = true, s.cut || r.Effect.Cut
	}
}

func (resetting) see(ctx context.Context, c *linkCanary) error {
	p, err := c.dial(ctx)
	if err != nil {
		return fmt.Errorf("dialling: %w", err)
	}
	c.unlucky(p)
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

func (resetting) misses(c *linkCanary, p *pipe, _ *shape) string {
	p.luck = c.laid.othersReset(c.pipe) // c's own is the canary's that is out
	if !p.there.resets(p.there.lane.shapeNow()) {
		return "first bytes would arrive"
	}
	return ""
}

// never is the luck of a connection that no odds reset: what they would do to a canary says nothing.
const never = 1

// luck is a connection's, drawn once from the seed: odds that are higher reset it.
func (l *lane) luck() float64 {
	const connections = 0x6c75636b // apart from what else is drawn of a lane
	return float64(mix(l.seed^connections^l.dials.Add(1)<<32)>>11) / (1 << 53)
}

// unlucky lets a connection of a canary's be one that the rule's own odds reset, and those of other rules don't.
func (c *linkCanary) unlucky(p *pipe) { p.luck = c.others }

// othersReset is the share of connections that the other rules on a pipe's lane reset. With f.mu held.
func (l *laid) othersReset(p *pipe) float64 {
	others := slices.DeleteFunc(slices.Clone(l.fabric.rules), func(other *laid) bool { return other == l })
	s := l.fabric.shapeOf(p.there.lane.key, time.Time{}, others)
	return s.resets
}
