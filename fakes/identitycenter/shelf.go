package identitycenter

import "time"

// shelf is a bounded map whose entries expire: what a browser on the way through a sign-in is remembered by. When it is
// full the entry that was put there first makes room, so that no flood of half-made sign-ins fills the memory. Its
// owner locks it.
//
// It is not golang-lru's expirable.LRU because that reads the system's clock, while a replica's own may be skewed, and
// because each of its caches starts a goroutine that never ends, which a test in virtual time can't have.
type shelf[K comparable, V any] struct {
	limit   int
	entries map[K]shelved[V]
	queue   []queued[K] // in the order of putting; entries that were taken stay until they reach the front
	head    int
	serial  uint64
	dropped func(K, V) // told of what expires, is crowded out or taken; may be nil
}

type shelved[V any] struct {
	value  V
	until  time.Time
	serial uint64
}

type queued[K comparable] struct {
	key    K
	serial uint64
}

func newShelf[K comparable, V any](limit int) *shelf[K, V] {
	return &shelf[K, V]{limit: limit, entries: make(map[K]shelved[V])}
}

// put keeps the value until then, in the place of an older one of the same key.
func (s *shelf[K, V]) put(k K, v V, now, until time.Time) {
	s.take(k, time.Time{})
	s.trim(now)
	s.serial++
	s.entries[k] = shelved[V]{v, until, s.serial}
	s.queue = append(s.queue, queued[K]{k, s.serial})
}

// set changes the value of a key that is there, and nothing else about it.
func (s *shelf[K, V]) set(k K, v V) {
	if e, ok := s.entries[k]; ok {
		e.value = v
		s.entries[k] = e
	}
}

// trim drops from the front what has expired and, while the shelf is full, what has not.
func (s *shelf[K, V]) trim(now time.Time) {
	for s.head < len(s.queue) {
		front := s.queue[s.head]
		e, ok := s.entries[front.key]
		current := ok && e.serial == front.serial
		if current && now.Before(e.until) && len(s.entries) < s.limit {
			break
		}
		if current {
			s.remove(front.key, e)
		}
		s.head++
	}
	if len(s.queue) > 2*len(s.entries)+64 {
		s.compact()
	}
}

// compact forgets the queue's entries that have left the shelf.
func (s *shelf[K, V]) compact() {
	kept := s.queue[:0]
	for _, q := range s.queue[s.head:] {
		if e, ok := s.entries[q.key]; ok && e.serial == q.serial {
			kept = append(kept, q)
		}
	}
	s.queue, s.head = kept, 0
}

func (s *shelf[K, V]) remove(k K, e shelved[V]) {
	delete(s.entries, k)
	if s.dropped != nil {
		s.dropped(k, e.value)
	}
}

// get is the value that has not expired.
func (s *shelf[K, V]) get(k K, now time.Time) (V, bool) {
	e, ok := s.entries[k]
	if ok && !now.Before(e.until) {
		s.remove(k, e)
		ok = false
	}
	if !ok {
		var none V
		return none, false
	}
	return e.value, true
}

// take is get, once.
func (s *shelf[K, V]) take(k K, now time.Time) (V, bool) {
	v, ok := s.get(k, now)
	if ok {
		s.remove(k, s.entries[k])
	}
	return v, ok
}

func (s *shelf[K, V]) len() int { return len(s.entries) }

// each visits all entries until visit returns false.
func (s *shelf[K, V]) each(visit func(K, V) bool) {
	for k, e := range s.entries {
		if !visit(k, e.value) {
			return
		}
	}
}
