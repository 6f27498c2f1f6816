package simulation_test

import (
	"bytes"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/simulation"
	"github.com/regiondrill/regiondrill/scenarios"
)

// shipped plans a scenario that comes with the program, as the n-th of many.
func shipped(tb testing.TB, name string, sets ...scenario.Set) func(n int) (*engine.Plan, error) {
	tb.Helper()
	data, err := scenarios.FS.ReadFile(name + ".yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return func(n int) (*engine.Plan, error) {
		seed, c := uint64(n), catalog.Default()
		_, plan, err := c.Read(bytes.NewReader(data), name, sets, engine.Options{Target: c.Targets[0], Version: "test",
			Seed: &seed, Repeated: true, Virtual: true, WithoutBrowser: "none here"})
		return plan, err
	}
}

// BenchmarkSimulation is the flagship's protocol probes in virtual time, in seconds of the scenario that a second of a
// core simulates, with connections made anew or kept.
func BenchmarkSimulation(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command does
	for _, connections := range []string{"fresh", "kept"} {
		b.Run(connections, func(b *testing.B) {
			var virtual float64
			for b.Loop() {
				s := &simulation.Simulation{Catalog: catalog.Default(), Rule: repetition.Rule{Times: 2 * runtime.GOMAXPROCS(0)},
					Plan: shipped(b, "primary-region-outage",
						scenario.Set{Path: "probes.staff.connections", Value: connections},
						scenario.Set{Path: "probes.ireland.connections", Value: connections})}
				outcome, err := s.Run(b.Context(), filepath.Join(b.TempDir(), "worst"))
				if err != nil {
					b.Fatal(err)
				}
				virtual += 65 * float64(outcome.Counted)
			}
			b.ReportMetric(virtual/b.Elapsed().Seconds()/float64(runtime.GOMAXPROCS(0)), "scenario-s/s/core")
		})
	}
}
