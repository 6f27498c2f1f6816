package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/regiondrill/regiondrill/harness/history"
)

// progress tells the turns of a run, one a line, where no terminal shows a live view.
type progress struct {
	mu  sync.Mutex
	out io.Writer
}

func newProgress(out io.Writer) *progress { return &progress{out: out} }

// Record tells of phases, faults and notes. That nobody can read it is no reason to stop a run.
func (p *progress) Record(e history.Event) error {
	var said string
	switch e.Type {
	case history.TypePhase:
		said = e.Phase.Name
	case history.TypeFault:
		said = e.Fault.Name + " " + string(e.Fault.Change)
		if e.Fault.Detail != "" {
			said += ": " + e.Fault.Detail
		}
	case history.TypeNote:
		said = "note: " + e.Note.Text
	case history.TypeEnd:
		said = "end: " + e.End.Reason
		if e.End.Detail != "" {
			said += ": " + e.End.Detail
		}
	default:
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%9.3f s  %s\n", e.At.Seconds(), said)
	return nil
}
