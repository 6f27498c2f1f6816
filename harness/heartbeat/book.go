package heartbeat

import (
	"slices"
	"sync"
	"time"
)

// book joins late beats that adjoin: no beat was in time between them.
type book struct {
	mu    sync.Mutex
	seen  time.Duration // when the latest beat came: the next late one begins after that
	spans []span
}

// add takes one beat. It keeps no more memory than the spans that were not given away need.
func (b *book) add(late span, is bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = late.until
	last := len(b.spans) - 1
	switch {
	case !is:
	case last >= 0 && late.since-b.spans[last].until <= Period && b.spans[last].length() < longest:
		b.spans[last].until = late.until
		b.spans[last].took = b.spans[last].length()
	default:
		b.spans = append(b.spans, late)
	}
}

// give gives the spans away that no later beat can change, or all. A taker that is slow holds up no beat.
func (b *book) give(all bool, to func(span)) {
	for {
		s, ok := b.take(all)
		if !ok {
			return
		}
		to(s)
	}
}

func (b *book) take(all bool) (span, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.spans) == 0 {
		return span{}, false
	}
	s := b.spans[0]
	if !all && len(b.spans) == 1 && s.until+Period > b.seen && s.length() < longest {
		return span{}, false
	}
	b.spans = slices.Delete(b.spans, 0, 1)
	return s, true
}
