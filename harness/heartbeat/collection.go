package heartbeat

import (
	"runtime/metrics"
	"time"
)

// collectionPauses is the Go runtime's account of how long it has stopped all goroutines for the garbage collector,
// from when it began to stop them until they went on: on a busy machine most of it is waiting for a thread that has no
// CPU.
const collectionPauses = "/sched/pauses/total/gc:seconds"

// collections turns readings of the account into spans.
type collections struct {
	sample []metrics.Sample
	seen   []uint64 // by bucket, of the reading before; nil where there was none
	at     time.Duration
}

func newCollections() *collections {
	return &collections{sample: []metrics.Sample{{Name: collectionPauses}}}
}

// read takes one reading and gives the span since the one before, if pauses of a whole Period fell into it. It took at
// least the lower bounds of the account's buckets.
func (c *collections) read(now time.Duration, give func(span)) {
	metrics.Read(c.sample)
	if c.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return
	}
	h := c.sample[0].Value.Float64Histogram()
	s := span{since: c.at, until: now, took: c.longer(h)}
	c.seen, c.at = append(c.seen[:0], h.Counts...), now
	if s.took > 0 {
		s.took = min(s.took, s.length())
		give(s)
	}
}

// longer is the sum of the pauses since the reading before that were as long as a Period.
func (c *collections) longer(h *metrics.Float64Histogram) (sum time.Duration) {
	if len(c.seen) != len(h.Counts) {
		return 0
	}
	for i, n := range h.Counts {
		if least := time.Duration(h.Buckets[i] * float64(time.Second)); least >= Period && n > c.seen[i] {
			sum += time.Duration(n-c.seen[i]) * least
		}
	}
	return sum
}
