package catalog

import (
	"bytes"
	"slices"
	"testing"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/scenarios"
)

// TestARampTellsHowStrong: each time of a fault that is ramped goes by its strength, and no other fault does.
func TestARampTellsHowStrong(t *testing.T) {
	called := func(scenario string) (names []string) {
		t.Helper()
		data, err := scenarios.FS.ReadFile(scenario)
		if err != nil {
			t.Fatal(err)
		}
		c := Default()
		_, plan, err := c.Read(bytes.NewReader(data), scenario, nil, engine.Options{Target: c.Targets[0], Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range plan.Record.Faults {
			names = append(names, plan.Record.Called(f.Name))
		}
		return names
	}
	if got, want := called("slow-link-ramp.yaml"), []string{
		"slow-virginia (20 ms more of us-east-1)", "slow-virginia-2 (110 ms more of us-east-1)",
		"slow-virginia-3 (200 ms more of us-east-1)", "slow-virginia-4 (290 ms more of us-east-1)",
	}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := called("flapping-primary.yaml"), []string{
		"virginia-flaps", "virginia-flaps-2", "virginia-flaps-3",
	}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
