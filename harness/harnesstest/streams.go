package harnesstest

import (
	"context"
	"sync"

	"github.com/regiondrill/regiondrill/harness"
)

// Streams is replication of its handle only.
type Streams struct {
	Refuses error // what Hold answers, where it is not to work

	mu    sync.Mutex
	holds map[streamHold]bool
}

type streamHold struct {
	name string
	edge harness.Edge
}

// Hold holds something up.
func (s *Streams) Hold(_ context.Context, h harness.Hold) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Refuses != nil {
		return s.Refuses
	}
	if s.holds == nil {
		s.holds = map[streamHold]bool{}
	}
	s.holds[streamHold{h.Name, h.Edge}] = true
	return nil
}

// Release takes it back.
func (s *Streams) Release(_ context.Context, h harness.Hold) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.holds, streamHold{h.Name, h.Edge})
	return nil
}

// Held tells whether it is in force.
func (s *Streams) Held(ctx context.Context, h harness.Hold) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holds[streamHold{h.Name, h.Edge}], ctx.Err()
}

// Revive is somebody else who takes back all that was held up.
func (s *Streams) Revive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.holds)
}

// left is how many are in force.
func (s *Streams) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.holds)
}
