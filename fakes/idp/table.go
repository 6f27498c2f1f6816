package idp

import (
	"container/list"
	"crypto/rand"
	"sync"
	"time"
)

// table holds what is remembered between requests, under random tokens: never longer than its lifetime, and never
// more than its limit. The oldest goes first, so that an outage in which nobody comes back neither fills the memory
// nor keeps newcomers out.
type table[V any] struct {
	limit    int
	lifetime time.Duration

	mu      sync.Mutex
	byToken map[string]*list.Element
	oldest  list.List // of row[V], the oldest in front
}

type row[V any] struct {
	token string
	value V
	ends  time.Time
}

func newTable[V any](limit int, lifetime time.Duration) *table[V] {
	return &table[V]{limit: limit, lifetime: lifetime, byToken: map[string]*list.Element{}}
}

// put remembers a value and returns its token of 128 bits or more.
func (t *table[V]) put(now time.Time, value V) string {
	token := rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	for front := t.oldest.Front(); front != nil; front = t.oldest.Front() {
		if t.oldest.Len() < t.limit && now.Before(front.Value.(row[V]).ends) {
			break
		}
		t.remove(front)
	}
	t.byToken[token] = t.oldest.PushBack(row[V]{token, value, now.Add(t.lifetime)})
	return token
}

// get finds what is remembered under the token.
func (t *table[V]) get(now time.Time, token string) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.find(now, token)
}

// take finds it and forgets it, where accept says that it may be taken.
func (t *table[V]) take(now time.Time, token string, accept func(V) bool) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	value, ok := t.find(now, token)
	if !ok || !accept(value) {
		var none V
		return none, false
	}
	t.remove(t.byToken[token])
	return value, true
}

func (t *table[V]) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.oldest.Len()
}

func (t *table[V]) find(now time.Time, token string) (V, bool) {
	if e, ok := t.byToken[token]; ok {
		if r := e.Value.(row[V]); now.Before(r.ends) {
			return r.value, true
		}
		t.remove(e)
	}
	var none V
	return none, false
}

func (t *table[V]) remove(e *list.Element) {
	delete(t.byToken, e.Value.(row[V]).token)
	t.oldest.Remove(e)
}
