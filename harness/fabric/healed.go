package fabric

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// seeHealed waits until the link is as if the rule had never been, and tells since when.
func (c *canary) seeHealed(ctx context.Context) (time.Time, error) {
	if r := c.laid.rule; r.Mode == harness.Blackhole && !r.Lose {
		if at, ok := c.released(); ok {
			return at, nil
		}
	}
	began := c.lifted
	for {
		err := c.tryHealed(ctx, began)
		if err == nil {
			return began, nil
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
			timer.Stop()
			return began, errors.Join(ErrClosed, err)
		case <-timer.C:
		}
		began = time.Now()
	}
}

// released waits for the token that was held, unless its connection is gone.
func (c *canary) released() (time.Time, bool) {
	_, far := c.along(c.pipe)
	if far.in.arrived() {
		return c.lifted, true
	}
	_, err := far.Read(make([]byte, 1))
	return time.Now(), err == nil
}

// tryHealed sends something along the edge that began to set out at an instant, and is nil where it got through.
func (c *canary) tryHealed(ctx context.Context, began time.Time) error {
	if c.laid.rule.Mode == harness.HTTP503 {
		status, err := c.get(ctx)
		if err == nil && status == http.StatusServiceUnavailable {
			err = errors.New("the edge still answers 503")
		}
		return err
	}
	p, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer p.fail(ErrClosed)
	defer context.AfterFunc(ctx, func() { p.fail(ErrClosed) })()
	spoke := time.Now()
	if err := c.speak(p); err != nil {
		return err
	}
	if took := time.Since(spoke); c.ceiling > 0 && took >= c.ceiling {
		return fmt.Errorf("what was sent along it took %s", took)
	}
	return nil
}
