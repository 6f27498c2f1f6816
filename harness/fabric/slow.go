package fabric

import (
	"context"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// slowing delays bytes, whoever dialled. Latencies and jitters add up, and the least bandwidth counts.
type slowing struct{}

func (slowing) of(t *harness.Traffic) bool {
	return t.Latency != 0 || t.Jitter != 0 || t.Bandwidth != 0
}

func (slowing) change(s *shape, r *harness.Rule, along, _ bool) {
	if !along {
		return
	}
	t := &r.Effect.Traffic
	s.latency += t.Latency
	s.jitter += t.Jitter
	if s.bandwidth == 0 || t.Bandwidth > 0 && t.Bandwidth < s.bandwidth {
		s.bandwidth = t.Bandwidth
	}
}

func (slowing) see(ctx context.Context, c *linkCanary) error {
	_, far := c.along(c.pipe)
	defer context.AfterFunc(ctx, func() { _ = far.SetReadDeadline(time.Now()) })()
	if _, err := far.Read(make([]byte, 1)); err != nil {
		return err
	}
	return tooFast(time.Since(c.sent), c.floor)
}

func (slowing) misses(c *linkCanary, p *pipe, want *shape) string {
	_, took, err := c.forecast(p)
	if err != nil {
		return "what was sent along it failed: " + err.Error()
	}
	if err := tooFast(took, want.least()); err != nil {
		return err.Error()
	}
	return ""
}

// tooFast is an error where something took less than it should.
func tooFast(took, least time.Duration) error {
	if took < least {
		return fmt.Errorf("what was sent along it took %s, and should take at least %s", took, least)
	}
	return nil
}
