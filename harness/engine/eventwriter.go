package engine

import (
	"sync"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// eventWriter hands events to the sink one after another, in the order in which they were put, from a goroutine of its
// own: whoever has something to record is on the schedule, and a disk may be slow. What a killed process loses is what
// was put in the instants that the sink was behind.
type eventWriter struct {
	sink   history.Sink
	failed func(error) // told of every error of the sink

	mu     sync.Mutex
	change sync.Cond
	queue  []history.Event
	busy   bool // the sink has one
	ended  bool // no more will be put
	done   chan struct{}
}

// newEventWriter starts one; close ends it.
func newEventWriter(sink history.Sink, failed func(error)) *eventWriter {
	w := &eventWriter{sink: sink, failed: failed, done: make(chan struct{})}
	w.change.L = &w.mu
	go w.write()
	return w
}

// put waits for nothing but other putters. What is put after close is lost.
func (w *eventWriter) put(e history.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.queue = append(w.queue, e)
		w.change.Broadcast()
	}
}

// flush waits until all that was put has been handed over.
func (w *eventWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 || w.busy {
		w.change.Wait()
	}
}

// close hands over what is left and ends the writer.
func (w *eventWriter) close() {
	w.mu.Lock()
	w.ended = true
	w.change.Broadcast()
	w.mu.Unlock()
	<-w.done
}

func (w *eventWriter) write() {
	defer close(w.done)
	var taken []history.Event
	for {
		taken = w.take(taken)
		if len(taken) == 0 {
			return
		}
		for _, e := range taken {
			if err := harness.Guard("a sink", func() error { return w.sink.Record(e) }); err != nil {
				w.failed(err)
			}
		}
	}
}

// take waits for events and takes all that there are, giving the emptied slice back for those to come; none means that
// the writer was closed.
func (w *eventWriter) take(emptied []history.Event) []history.Event {
	clear(emptied)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy = false
	for len(w.queue) == 0 && !w.ended {
		w.change.Broadcast()
		w.change.Wait()
	}
	taken := w.queue
	w.queue, w.busy = emptied[:0], len(taken) > 0
	if !w.busy {
		w.change.Broadcast()
	}
	return taken
}
