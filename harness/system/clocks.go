package system

import (
	"context"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/fakes/control"
)

// clocks is the handle on the clocks of the fakes: a harness.Clocks, by place.
type clocks map[string]control.Caller

func (c clocks) call(ctx context.Context, place, verb string, argument, result any) error {
	if c[place] == nil {
		return fmt.Errorf("there is no clock in %s", place)
	}
	return c[place].Call(ctx, verb, argument, result)
}

// Shift puts a place's clock wrong.
func (c clocks) Shift(ctx context.Context, place, name string, by time.Duration) error {
	return c.call(ctx, place, "shift", control.Shift{Name: name, By: by}, nil)
}

// Unshift takes that back.
func (c clocks) Unshift(ctx context.Context, place, name string) error {
	return c.call(ctx, place, "unshift", name, nil)
}

// Read asks a place for its time.
func (c clocks) Read(ctx context.Context, place string) (time.Time, map[string]time.Duration, error) {
	var said control.Reading
	err := c.call(ctx, place, "clock", control.None{}, &said)
	return said.Now, said.Shifts, err
}

// sessions is the handle on a Region's sessions: a harness.Sessions.
type sessions struct{ replica control.Caller }

// Lose lets the Region forget them.
func (s sessions) Lose(ctx context.Context) (int, error) {
	var lost int
	err := s.replica.Call(ctx, "lose_sessions", control.None{}, &lost)
	return lost, err
}
