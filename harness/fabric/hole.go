package fabric

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// hole holds bytes, whoever dialled; dials are bytes too.
type hole struct{}

func (hole) of(t *harness.Traffic) bool { return t.Hole }

func (hole) change(s *shape, r *harness.Rule, along, _ bool) {
	s.hole = s.hole || along
	s.lose = s.lose || along && r.Effect.Traffic.Lose
}

// see waits for a token that must not arrive, while another place answers: silence alone might be our own. Where
// another fault has come upon the way of that answer since, it is asked for within the place, where no rule acts.
func (hole) see(ctx context.Context, c *linkCanary) error {
	err := c.hearControl(ctx)
	if err != nil && ctx.Err() == nil && c.control.faulty() {
		c.laid.fabric.mu.Lock()
		c.control = c.laid.fabric.within(c.caller)
		c.laid.fabric.mu.Unlock()
		_, _ = c.control.caller.Write(token) // an error shows when it is read
		err = c.hearControl(ctx)
	}
	if err != nil {
		to := c.control.there.lane.key.to
		return fmt.Errorf("the control from %s to %s did not answer either: %w", c.caller, to, err)
	}
	if !pause(ctx, time.Until(c.sent.Add(c.round+margin))) {
		return ctx.Err()
	}
	if _, far := c.along(c.pipe); far.in.arrived() {
		return errors.New("what was sent along it arrived")
	}
	return nil
}

// misses sends a token along. A hole that gives way to a rule that cuts holds nothing, and want says so.
func (hole) misses(c *linkCanary, p *pipe, want *shape) string {
	held, _, err := c.forecast(p)
	switch {
	case err != nil:
		return "what was sent along it failed: " + err.Error()
	case want.hole && !held:
		return "what was sent along it arrives"
	}
	return ""
}

// hearControl lets the far end of the control answer the token that was sent to it, and waits for the answer.
func (c *linkCanary) hearControl(ctx context.Context) error {
	p := c.control
	defer p.fail(ErrClosed)
	defer context.AfterFunc(ctx, func() { p.fail(ErrClosed) })()
	if err := c.hear(&p.callee); err != nil {
		return err
	}
	if _, err := p.callee.Write(token); err != nil {
		return err
	}
	return c.hear(&p.caller)
}

// hear waits for a token of the control: for long on a busy machine, and no longer than it takes where a fault is in
// its way.
func (c *linkCanary) hear(at *end) error {
	b := make([]byte, 1)
	_ = at.SetReadDeadline(c.sent.Add(c.controlled + margin))
	_, err := at.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.control.faulty() {
		_ = at.SetReadDeadline(time.Now().Add(c.round + grace))
		_, err = at.Read(b)
	}
	return err
}
