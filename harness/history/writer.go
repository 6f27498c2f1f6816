package history

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// Writer appends events to a history, one JSON object a line, and numbers them. It is a Sink.
type Writer struct {
	mu  sync.Mutex
	out io.Writer
	seq int64
	err error
}

// NewWriter writes to out, one Write a line, so that a killed process tears at most the last one.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Record writes one event. After its first error (a full disk) it writes nothing more: what follows a hole in a
// history could be mistaken for all there was.
func (w *Writer) Record(e Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	e.Seq = w.seq + 1
	line, err := json.Marshal(e)
	if err == nil {
		_, err = w.out.Write(append(line, '\n'))
	}
	if err != nil {
		w.err = fmt.Errorf("writing the history: %w", err)
		return w.err
	}
	w.seq++
	return nil
}

// Sinks passes every event to each of several sinks in turn; the first error ends it.
type Sinks []Sink

// Record passes the event on.
func (s Sinks) Record(e Event) error {
	for _, sink := range s {
		if err := sink.Record(e); err != nil {
			return err
		}
	}
	return nil
}
