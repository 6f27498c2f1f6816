package heartbeat

import (
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestCollections(t *testing.T) {
	c := newCollections()
	h := &metrics.Float64Histogram{Counts: []uint64{9, 3, 4, 0},
		Buckets: []float64{math.Inf(-1), 0.004, 0.006, 0.02, math.Inf(1)}}
	if got := c.longer(h); got != 0 {
		t.Errorf("before anybody looked, %v", got)
	}
	c.seen = append(c.seen, h.Counts...)
	for _, now := range []struct {
		counts []uint64
		want   time.Duration
	}{
		{[]uint64{10, 5, 4, 0}, 0}, // too short to be seen
		{[]uint64{10, 5, 6, 0}, 12 * ms},
		{[]uint64{10, 5, 7, 1}, 26 * ms},
	} {
		h.Counts = now.counts
		if got := c.longer(h); got != now.want {
			t.Errorf("%v: %v, want %v", now.counts, got, now.want)
		}
		c.seen = append(c.seen[:0], h.Counts...)
	}
}

// The runtime has the account that is read, and reading it again allocates nothing.
func TestCollectionsAreRead(t *testing.T) {
	c := newCollections()
	runtime.GC()
	c.read(100*ms, func(span) { t.Error("the first reading is of all that was before") })
	if len(c.seen) == 0 || c.at != 100*ms {
		t.Fatalf("the runtime has no %s", collectionPauses)
	}
	for i := range 10 {
		runtime.GC()
		c.read(time.Duration(i+2)*100*ms, func(s span) {
			if s.length() != 100*ms || s.took < Period || s.took > s.length() {
				t.Errorf("gave %+v", s)
			}
		})
	}
	if n := testing.AllocsPerRun(100, func() { c.read(time.Second, func(span) {}) }); n > 0 {
		t.Errorf("%v allocations a reading", n)
	}
}
