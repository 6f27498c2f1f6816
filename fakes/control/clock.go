package control

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Clock is a fake's clock, which can be put wrong. Shifts add up, and each is taken back alone.
type Clock struct {
	now func() time.Time

	mu     sync.RWMutex
	shifts map[string]time.Duration
	off    time.Duration
}

// Shift puts a clock wrong; a negative one puts it back.
type Shift struct {
	Name string
	By   time.Duration
}

// Reading is what a clock says, and the shifts by name that are in it.
type Reading struct {
	Now    time.Time
	Shifts map[string]time.Duration
}

// NewClock goes by another, or by that of the machine where it is nil.
func NewClock(now func() time.Time) *Clock {
	if now == nil {
		now = time.Now
	}
	return &Clock{now: now, shifts: map[string]time.Duration{}}
}

// Now is what the clock says.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now().Add(c.off)
}

// Verbs by which it is shifted and read: shift, unshift and clock.
func (c *Clock) Verbs() Verbs {
	return Verbs{
		"shift": To(func(_ context.Context, s Shift) (None, error) {
			c.set(func() { c.shifts[s.Name] = s.By })
			return None{}, nil
		}),
		"unshift": To(func(_ context.Context, name string) (None, error) {
			c.set(func() { delete(c.shifts, name) })
			return None{}, nil
		}),
		"clock": To(func(context.Context, None) (Reading, error) { return c.read(), nil }),
	}
}

func (c *Clock) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	c.off = 0
	for _, by := range c.shifts {
		c.off += by
	}
}

func (c *Clock) read() Reading {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return Reading{c.now().Add(c.off), maps.Clone(c.shifts)}
}
