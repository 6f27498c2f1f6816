package fabric

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	again = 10 * time.Millisecond // between looks at a link that is not healed yet
	slack = 50 * time.Millisecond // what a look may take beside its round trips
)

// seeHealed waits until the link is as if the rule had never been, and tells since when.
func (c *canary) seeHealed(ctx context.Context) (time.Time, error) {
	if r := c.laid.rule; r.Mode == blackhole && !r.Lose {
		if at, ok := c.released(); ok {
			return at, nil
		}
	}
	for began := c.lifted; ; began = time.Now() {
		err := c.tryHealed(ctx)
		if took := time.Since(began); err == nil && took > 3*c.round+slack {
			continue // something else held it on its way, and it set out too early to tell the instant
		}
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
	}
}

// released waits for the token that was held, unless it is gone or another rule holds it.
func (c *canary) released() (time.Time, bool) {
	_, far := c.along(c.pipe)
	if far.in.arrived() {
		return c.lifted, true
	}
	_ = far.SetReadDeadline(c.lifted.Add(c.round + grace))
	_, err := far.Read(make([]byte, 1))
	return time.Now(), err == nil
}

// tryHealed sends something along the edge, and is nil where it got through. It doesn't wait for long: another rule may
// have lost what it sent, for good.
func (c *canary) tryHealed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*c.round+grace)
	defer cancel()
	if c.laid.rule.Mode == http503 {
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
