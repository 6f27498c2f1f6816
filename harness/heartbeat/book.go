package heartbeat

import (
	"slices"
	"sync"
	"time"
)

// book joins the late beats of all clocks to spans that neither overlap nor adjoin: no beat was in time between them.
type book struct {
	mu    sync.Mutex
	seen  [clocks]time.Duration // each clock's latest beat: what it still has to say begins after that
	spans []span                // by their beginnings
}

// add takes one beat of a clock: when it came and, where it was late, the span. It keeps no more memory than the spans
// that it has not given away need.
func (b *book) add(clock int, came time.Duration, late span, is bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[clock] = max(b.seen[clock], came)
	if !is {
		return
	}
	i := len(b.spans)
	for i > 0 && b.spans[i-1].since > late.since {
		i--
	}
	b.spans = slices.Insert(b.spans, i, late)
	kept := b.spans[:1]
	for _, s := range b.spans[1:] {
		last := &kept[len(kept)-1]
		if s.since-last.until > Period {
			kept = append(kept, s)
			continue
		}
		last.until = max(last.until, s.until)
		last.took = last.length()
	}
	b.spans = kept
}

// sure gives the spans away that no later beat can change, and what of one is already long enough.
func (b *book) sure(give func(span)) {
	for {
		s, ok := b.take(false)
		if !ok {
			return
		}
		give(s)
	}
}

// rest gives all away.
func (b *book) rest(give func(span)) {
	for {
		s, ok := b.take(true)
		if !ok {
			return
		}
		give(s)
	}
}

// take is the first span that can be given away. It is given without the lock, so that beats don't wait for the taker.
func (b *book) take(all bool) (span, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.spans) == 0 {
		return span{}, false
	}
	s, sure := b.spans[0], slices.Min(b.seen[:])
	if !all && s.until+Period > sure && (s.until > sure || s.length() < longest) {
		return span{}, false
	}
	b.spans = slices.Delete(b.spans, 0, 1)
	return s, true
}
