package measure

import (
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// TestBoundsOfLatency, against a hundred good attempts of 1 to 100 ms and some of which nobody knows how they went: it
// is as if those were all quicker, or all slower.
func TestBoundsOfLatency(t *testing.T) {
	v := view{}
	for n := 1; n <= 100; n++ {
		v.latencies = append(v.latencies, history.Instant(n*1000))
	}
	if lower, upper := v.bounds(0); lower != nil || upper != nil {
		t.Errorf("everybody was seen, and it is %v to %v", lower, upper)
	}
	lower, upper := v.bounds(5)
	if want := (verdict.Latency{P50: 0.048, P95: 0.095, P99: 0.099, Max: 0.1}); lower == nil || *lower != want {
		t.Errorf("at least %+v, want %+v", lower, want) // of 105 the 53rd, 100th and 104th, of which 5 are quicker
	}
	if upper == nil || *upper.P50 != 0.053 || *upper.P95 != 0.1 || upper.P99 != nil || upper.Max != nil {
		t.Errorf("at most %+v", upper)
	}
	v.latencies = v.latencies[:2]
	if lower, _ := v.bounds(10); lower == nil || lower.P50 != 0 {
		t.Errorf("half of them may have taken no time: %+v", lower)
	}
}
