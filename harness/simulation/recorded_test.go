package simulation_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/simulation"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// recorded is what a real drill in the lab told of one recovery.
type recorded struct {
	Probe   string          `json:"probe"`
	Fault   string          `json:"fault"`
	EndedBy verdict.EndedBy `json:"ended_by"`
	Upper   float64         `json:"upper"`
	Period  float64         `json:"period"` // of the people's arrival
}

// TestRealDrillsLieInTheSimulatedRange holds what drills in the lab recorded, in real time, against what the same
// scenarios take in virtual time: people are back by the same, and each recovery lies in the range of the simulated
// ones, give or take a period of the people's arrival, which is what a drill can tell. It goes by the upper bounds, which
// stalls of the machine don't widen.
func TestRealDrillsLieInTheSimulatedRange(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "recorded", "*.json"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d scenarios were recorded, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if os.Getenv("REGIONDRILL_SHIPPED") == "" && name != cheapest {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			var real []recorded
			if err == nil {
				err = json.Unmarshal(text, &real)
			}
			if err != nil || len(real) < 2 {
				t.Fatalf("%d recoveries, %v", len(real), err)
			}
			var all []*verdict.Verdict
			s := &simulation.Simulation{Catalog: catalog.Default(), Rule: repetition.Rule{Times: 4}, Plan: shipped(t, name),
				Each: func(_ int, v *verdict.Verdict) { all = append(all, v) }}
			if _, err := s.Run(t.Context(), filepath.Join(t.TempDir(), "worst")); err != nil {
				t.Fatal(err)
			}
			for _, r := range real {
				r.lies(t, all)
			}
		})
	}
}

// cheapest is simulated always, and the others where the environment has REGIONDRILL_SHIPPED: they take two minutes of
// a processor's time.
const cheapest = "stale-dns"

// lies tells where a recovery isn't like those of the simulated drills.
func (r *recorded) lies(t *testing.T, simulated []*verdict.Verdict) {
	t.Helper()
	var uppers []float64
	for _, v := range simulated {
		s := v.Recovery(r.Probe, r.Fault)
		if s == nil || s.EndedBy != r.EndedBy || s.RecoveryTimeActual == nil || s.RecoveryTimeActual.Upper == nil {
			t.Errorf("%s and %s: really %q, simulated %+v", r.Probe, r.Fault, r.EndedBy, s)
			return
		}
		uppers = append(uppers, float64(*s.RecoveryTimeActual.Upper))
	}
	if least, most := slices.Min(uppers)-r.Period, slices.Max(uppers)+r.Period; r.Upper < least || r.Upper > most {
		t.Errorf("%s were really back from %s after %.3f s, and %.3f to %.3f s were simulated", r.Probe, r.Fault,
			r.Upper, slices.Min(uppers), slices.Max(uppers))
	}
}
