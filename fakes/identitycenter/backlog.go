package identitycenter

import (
	"cmp"
	"slices"
)

// heed is paused, and takes note of the rules that the sender acts on from now on: nothing that it sent before is on
// its way any more.
func (s *sender) heed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heeded = s.names
	return s.rule.Paused
}

// Backlog is how far another Region is with a stream of this one.
type Backlog struct {
	Stream, To string
	Written    uint64   // entries of the stream's log
	Taken      uint64   // of those, that the other Region has said that it has
	Heeded     []string // the names of the rules that the sender acts on; a rule that was just laid may be missing
}

// Backlogs are those of all edges on which this Region sends, in the order of Streams.
func (r *Replica) Backlogs() []Backlog {
	var all []Backlog
	r.mu.Lock()
	for _, s := range r.sending {
		s.mu.Lock()
		all = append(all, Backlog{s.stream, s.to, 0, s.acked, slices.Clone(s.heeded)})
		s.mu.Unlock()
	}
	r.mu.Unlock()
	for i := range all { // after the lock: who reads the records may be waiting for it
		all[i].Written = r.store.Head(all[i].Stream)
	}
	slices.SortFunc(all, func(a, b Backlog) int {
		order := Streams()
		return cmp.Or(cmp.Compare(slices.Index(order, a.Stream), slices.Index(order, b.Stream)), cmp.Compare(a.To, b.To))
	})
	return all
}
