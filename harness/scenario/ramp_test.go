package scenario

import (
	"fmt"
	"reflect"
	"testing"
)

// ramped is a scenario with one fault, of a kind with these keys.
func ramped(t *testing.T, fault string) *Scenario {
	t.Helper()
	return read(t, minimal+"\nfaults: [{name: slow, at: 1s, for: 5s, "+fault+"}]\n")
}

// TestARampRisesInEqualSteps holds what each time is against what a person would write down for it.
func TestARampRisesInEqualSteps(t *testing.T) {
	type kind struct {
		link
		Odds    float64 `yaml:"odds" min:"0" max:"1"`
		Retries uint32  `yaml:"retries"`
	}
	for fault, want := range map[string]string{
		"latency: 40ms, ramp: {latency: 2s}":            "[40ms 530ms 1.02s 1.51s 2s]",
		"times: 4, latency: 100ms, ramp: {latency: 1s}": "[100ms 400ms 700ms 1s]",
		"times: 4, latency: 1s, ramp: {latency: 100ms}": "[1s 700ms 400ms 100ms]",
		"times: 4, ramp: {latency: 1s}":                 "[0s 333ms 667ms 1s]",
		"every: 6s, times: 3, ramp: {latency: 1ms}":     "[0s 500µs 1ms]",
	} {
		testRamp(t, fault, want, func(k kind) any { return k.Latency })
	}
	testRamp(t, "times: 3, bandwidth: 100, ramp: {bandwidth: 5}", "[100 53 5]", func(k kind) any { return k.Bandwidth })
	testRamp(t, "odds: 0.1, ramp: {odds: 0.7}", "[0.1 0.25 0.4 0.55 0.7]", func(k kind) any { return k.Odds })
	testRamp(t, "times: 4, odds: 0, ramp: {odds: 1}", "[0 0.333333 0.666667 1]", func(k kind) any { return k.Odds })
	testRamp(t, "times: 3, retries: 9, ramp: {retries: 1}", "[9 5 1]", func(k kind) any { return k.Retries })
	testRamp(t, "times: 3, latency: 1s, odds: 0.5, ramp: {latency: 3s}", "[{1s 0.5} {2s 0.5} {3s 0.5}]",
		func(k kind) any { return struct{ Latency, Odds any }{k.Latency, k.Odds} })
}

func testRamp[K any](t *testing.T, fault, want string, of func(K) any) {
	t.Helper()
	s := ramped(t, "kind: link, "+fault)
	var times []any
	for _, f := range s.Faults {
		var k K
		if err := Into(f.Block, &k); err != nil {
			t.Fatalf("%s: %v", fault, err)
		}
		times = append(times, of(k))
	}
	if got := fmt.Sprint(times); got != want {
		t.Errorf("%s: %s, want %s", fault, got, want)
	}
}

// TestARampIsManyFaults: each has a name and an instant of its own, and ends before the next begins.
func TestARampIsManyFaults(t *testing.T) {
	var got []string
	for _, f := range ramped(t, "kind: link, ramp: {latency: 1s}, times: 3").Faults {
		got = append(got, fmt.Sprint(f.Name, " ", f.At, " ", f.For, " ", f.Again))
	}
	if want := []string{"slow 1s 5s false", "slow-2 11s 5s true", "slow-3 21s 5s true"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestWhatStandsForNoLimit can't be risen from: bandwidth of link is such a setting.
func TestWhatStandsForNoLimit(t *testing.T) {
	type kind struct {
		Bandwidth int `yaml:"bandwidth" min:"1024"`
	}
	const want = `F:11:70: "ramp.bandwidth" rises from what it is the first time: give the fault a bandwidth of its own`
	if err := Into(ramped(t, "kind: link, ramp: {bandwidth: 4096}").Faults[0].Block, &kind{}); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
