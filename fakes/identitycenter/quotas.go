package identitycenter

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// quotas are the buckets of those who ask, on the Region's clock.
type quotas struct {
	mu      sync.Mutex
	buckets *shelf[digest, *rate.Limiter]
}

// bucketLife is how long the bucket of who has stopped asking is kept. It is full after a second.
const (
	bucketLife = 10 * time.Second
	maxBuckets = 10_000
)

func newQuotas() *quotas { return &quotas{buckets: newShelf[digest, *rate.Limiter](maxBuckets)} }

// take takes one from who's bucket, into which so many run each second, if there is one.
func (q *quotas) take(who string, each int, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := digestOf(who)
	b, ok := q.buckets.get(key, now)
	if !ok {
		b = rate.NewLimiter(rate.Limit(each), each)
	}
	q.buckets.put(key, b, now, now.Add(bucketLife))
	return b.AllowN(now, 1)
}
