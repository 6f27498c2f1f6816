package harnesstest

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Clocks are clocks of their handle only.
type Clocks struct {
	Refuses error // what Shift answers, where it is not to work

	mu     sync.Mutex
	shifts map[string]map[string]time.Duration // by place and name
}

// Shift puts a clock wrong.
func (c *Clocks) Shift(_ context.Context, place, name string, by time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Refuses != nil {
		return c.Refuses
	}
	if c.shifts == nil {
		c.shifts = map[string]map[string]time.Duration{}
	}
	if c.shifts[place] == nil {
		c.shifts[place] = map[string]time.Duration{}
	}
	c.shifts[place][name] = by
	return nil
}

// Unshift takes that back.
func (c *Clocks) Unshift(_ context.Context, place, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.shifts[place], name)
	return nil
}

// Read tells a place's time.
func (c *Clocks) Read(ctx context.Context, place string) (time.Time, map[string]time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, by := range c.shifts[place] {
		now = now.Add(by)
	}
	return now, maps.Clone(c.shifts[place]), ctx.Err()
}

// Revive is somebody else who sets them all right.
func (c *Clocks) Revive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.shifts)
}

// left is how many shifts there are.
func (c *Clocks) left() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, shifts := range c.shifts {
		n += len(shifts)
	}
	return n
}

// Sessions are those of their handle only.
type Sessions struct {
	Refuses error // what Lose answers, where it is not to work
}

// Lose loses one.
func (s *Sessions) Lose(context.Context) (int, error) { return 1, s.Refuses }
