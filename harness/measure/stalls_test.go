package measure

import (
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// stalled is the flagship with further stalls.
func stalled(t *testing.T, stalls ...history.Stall) (*history.History, *verdict.Measures) {
	t.Helper()
	h := load(t, "flagship")
	h.Events = slices.DeleteFunc(h.Events, func(e history.Event) bool { return e.Type == history.TypeStall })
	for i := range stalls {
		s := &stalls[i]
		s.Took = max(s.Took, s.Until-s.Since)
		h.Events = append(h.Events, history.Event{At: s.Until, Type: history.TypeStall, Stall: s})
	}
	return h, Measure(h)
}

// TestStallsWidenWhatTheyTouch: a stall while the number is decided makes its lower bound lower, by so much, and the
// quantiles of latency too. Far from it, or of another's browser, it does nothing.
func TestStallsWidenWhatTheyTouch(t *testing.T) {
	const since = 11_000_000 // the attempt that decides is due at 10.1 s and ends at 13.04 s
	span := func(took history.Instant, by, probe string) history.Stall {
		return history.Stall{Since: since, Until: since + took, By: by, Probe: probe}
	}
	far := span(500_000, history.StallHeartbeat, "")
	far.Since, far.Until = far.Since+10_000_000, far.Until+10_000_000
	for name, c := range map[string]struct {
		stalls []history.Stall
		lower  verdict.Seconds
		says   string
	}{
		"none":              {nil, 2.936, ""},
		"this process":      {[]history.Stall{span(400_000, history.StallHeartbeat, "")}, 2.536, "this process stood still for 0.400 s, so"},
		"its browser":       {[]history.Stall{span(300_000, history.StallBrowser, "staff")}, 2.636, "the browser of staff for 0.300 s"},
		"another's browser": {[]history.Stall{span(300_000, history.StallBrowser, "others")}, 2.936, ""},
		"far from it":       {[]history.Stall{far}, 2.936, ""},
		"both at once count once": {[]history.Stall{span(400_000, history.StallHeartbeat, ""), span(300_000, history.StallBrowser, "staff")},
			2.536, "this process stood still for 0.400 s, so"},
		"for garbage": {[]history.Stall{span(400_000, history.StallHeartbeat, ""), span(100_000, history.StallGC, "")},
			2.536, "this process stood still for 0.400 s (to collect garbage: 0.100 s), so"},
		"for garbage alone, which the clock would have seen": {[]history.Stall{span(100_000, history.StallGC, "")}, 2.936, ""},
	} {
		_, m := stalled(t, c.stalls...)
		r := m.Recovery("staff", "virginia-dark")
		if got := r.RecoveryTimeActual; got.Lower != c.lower || *got.Upper != 3.016 {
			t.Errorf("%s: [%v, %v], want [%v, 3.016]", name, got.Lower, *got.Upper, c.lower)
		}
		said := strings.Join(m.Validity.Notes, "\n")
		if !strings.Contains(said, c.says) || c.says == "" && strings.Contains(said, "stood still") {
			t.Errorf("%s: %q, want %q", name, said, c.says)
		}
	}
}

// TestLatencyWithoutTheMachine takes the time in which this process stood still from those whom it made wait.
func TestLatencyWithoutTheMachine(t *testing.T) {
	_, m := stalled(t)
	if w := m.Window("staff", "virginia-dark", verdict.Fault); w.LatencyLower != nil {
		t.Errorf("of a machine at rest %+v", w.LatencyLower)
	}
	_, m = stalled(t, history.Stall{Since: 10_000_000, Until: 40_000_000, By: history.StallHeartbeat})
	w := m.Window("staff", "virginia-dark", verdict.Fault)
	if w.LatencyLower == nil || w.LatencyLower.P50 != 0 || w.Latency.P50 != 2.936 {
		t.Errorf("of one that stood still throughout %+v, %+v", w.Latency, w.LatencyLower)
	}
}
