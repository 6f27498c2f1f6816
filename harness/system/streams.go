package system

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/control"
	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
)

// streams is the handle on replication: a harness.Streams. A Region is told all its holds at once, so that they are
// kept here.
type streams struct {
	replicas map[string]control.Fake // by Region

	mu    sync.Mutex
	holds []harness.Hold
}

func newStreams(replicas map[string]control.Fake) *streams { return &streams{replicas: replicas} }

// Hold holds up what one Region sends another.
func (s *streams) Hold(ctx context.Context, h harness.Hold) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	on, err := s.backlogs(ctx, h)
	if err == nil && len(on) == 0 {
		err = fmt.Errorf("%s sends nothing of it to %s", h.Edge.From, h.Edge.To)
	}
	if err != nil {
		return err
	}
	return s.set(ctx, h.Edge.From, append(s.without(h), h))
}

// Release takes a hold back.
func (s *streams) Release(ctx context.Context, h harness.Hold) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set(ctx, h.Edge.From, s.without(h))
}

// without are all holds but one. With s.mu held.
func (s *streams) without(h harness.Hold) []harness.Hold {
	return slices.DeleteFunc(slices.Clone(s.holds), func(other harness.Hold) bool {
		return other.Name == h.Name && other.Edge == h.Edge
	})
}

// set tells a Region the holds on what it sends. With s.mu held.
func (s *streams) set(ctx context.Context, from string, holds []harness.Hold) error {
	rules := []identitycenter.EdgeRule{}
	for _, h := range holds {
		if h.Edge.From == from {
			rules = append(rules, identitycenter.EdgeRule{Name: h.Name, Stream: h.Stream, To: h.Edge.To, Paused: h.Pause,
				Lag: h.Lag})
		}
	}
	err := s.replicas[from].Call(ctx, "hold", rules, nil)
	if err == nil {
		s.holds = holds
	}
	return err
}

// Held asks the sending Region whether it acts on a hold.
func (s *streams) Held(ctx context.Context, h harness.Hold) (bool, error) {
	on, err := s.backlogs(ctx, h)
	if err != nil {
		return false, err
	}
	heeding := 0
	for _, b := range on {
		if slices.Contains(b.Heeded, h.Name) {
			heeding++
		}
	}
	if heeding > 0 && heeding < len(on) {
		return false, errors.New("the Region heeds it on some of its streams alone")
	}
	return heeding > 0, nil
}

// backlogs are those of the streams that a hold is about.
func (s *streams) backlogs(ctx context.Context, h harness.Hold) ([]identitycenter.Backlog, error) {
	from := s.replicas[h.Edge.From]
	if from == nil {
		return nil, fmt.Errorf("there is no Region %s", h.Edge.From)
	}
	var all []identitycenter.Backlog
	if err := from.Call(ctx, "backlogs", control.None{}, &all); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(b identitycenter.Backlog) bool {
		return b.To != h.Edge.To || h.Stream != "" && b.Stream != h.Stream
	}), nil
}
