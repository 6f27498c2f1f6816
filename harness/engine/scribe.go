package engine

import (
	"sync"

	"github.com/regiondrill/regiondrill/harness/history"
)

// scribe hands events to the sink one after another, in the order in which they were put, from a goroutine of its own:
// whoever has something to record is on the schedule, and a disk may be slow. What a killed process loses is what was
// put in the instants that the sink was behind.
type scribe struct {
	sink   history.Sink
	failed func(error) // told of every error of the sink

	mu     sync.Mutex
	change sync.Cond
	queue  []history.Event
	busy   bool // the sink has one
	ended  bool // no more will be put
	done   chan struct{}
}

// newScribe starts one; close ends it.
func newScribe(sink history.Sink, failed func(error)) *scribe {
	s := &scribe{sink: sink, failed: failed, done: make(chan struct{})}
	s.change.L = &s.mu
	go s.write()
	return s
}

// put waits for nothing but other putters. What is put after close is lost.
func (s *scribe) put(e history.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.queue = append(s.queue, e)
		s.change.Broadcast()
	}
}

// flush waits until all that was put has been handed over.
func (s *scribe) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 || s.busy {
		s.change.Wait()
	}
}

// close hands over what is left and ends the scribe.
func (s *scribe) close() {
	s.mu.Lock()
	s.ended = true
	s.change.Broadcast()
	s.mu.Unlock()
	<-s.done
}

func (s *scribe) write() {
	defer close(s.done)
	var taken []history.Event
	for {
		taken = s.take(taken)
		if len(taken) == 0 {
			return
		}
		for _, e := range taken {
			if err := guard("a sink", func() error { return s.sink.Record(e) }); err != nil {
				s.failed(err)
			}
		}
	}
}

// take waits for events and takes all that there are, giving the emptied slice back for those to come; none means that
// the scribe was closed.
func (s *scribe) take(emptied []history.Event) []history.Event {
	clear(emptied)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
	for len(s.queue) == 0 && !s.ended {
		s.change.Broadcast()
		s.change.Wait()
	}
	taken := s.queue
	s.queue, s.busy = emptied[:0], len(taken) > 0
	if !s.busy {
		s.change.Broadcast()
	}
	return taken
}
