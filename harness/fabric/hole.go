package fabric

import (
	"context"
	"errors"
	"fmt"
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

// see waits for a token that must not arrive, while another place answers: silence alone might be our own.
func (hole) see(ctx context.Context, c *linkCanary) error {
	defer c.control.fail(ErrClosed)
	stop := context.AfterFunc(ctx, func() { c.control.fail(ErrClosed) })
	defer stop()
	_ = c.control.caller.SetReadDeadline(c.sent.Add(c.round + grace))
	_ = c.control.callee.SetReadDeadline(c.sent.Add(c.round + grace))
	if err := echo(&c.control.caller, &c.control.callee); err != nil {
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

// echo lets the far end answer the token that was sent to it, and waits for the answer.
func echo(near, far *end) error {
	b := make([]byte, 1)
	if _, err := far.Read(b); err != nil {
		return err
	}
	if _, err := far.Write(b); err != nil {
		return err
	}
	_, err := near.Read(b)
	return err
}
