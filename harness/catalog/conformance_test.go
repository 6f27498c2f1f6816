package catalog

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// settings are what a check needs said before it judges anything.
var settings = map[string]string{
	"recovery":       `{"probe": "staff", "fault": "virginia-dark", "within": "10s"}`,
	"failback":       `{"probe": "staff", "fault": "virginia-dark", "within": "10s"}`,
	"availability":   `{"probe": "staff", "fault": "virginia-dark", "at_least": 0.9}`,
	"latency":        `{"probe": "staff", "fault": "virginia-dark", "p95": "10s"}`,
	"action_outcome": `{"action": "swap"}`,

	"recovery_point":  `{"fault": "dark", "region": "eu-west-1", "within": "10s"}`,
	"replication_lag": `{"to": "eu-west-1", "p50": "10s"}`,
	"convergence":     `{"fault": "dark", "within": "9s"}`,
	"revocation":      `{"action": "told", "within": "9s"}`,

	"session_survival": `{"probe": "tab", "fault": "paused", "at_least": 0.9}`,
}

// elsewhere are histories of checks of which the flagship has nothing.
var elsewhere = map[string]string{"action_outcome": "acs-swap", "recovery_point": "recovery-points",
	"replication_lag": "recovery-points", "convergence": "recovery-points",
	"revocation": "zombie-logins", "session_survival": "zombie-logins", "invariants": "zombie-logins"}

func configure(t *testing.T, said string, v any) {
	t.Helper()
	if said == "" {
		return
	}
	if err := scenario.FromConfig([]byte(said), v); err != nil {
		t.Fatal(err)
	}
}

func TestTargets(t *testing.T) {
	for _, k := range Default().Targets {
		t.Run(k.Name, func(t *testing.T) { harnesstest.Target(t, k) })
	}
}

func TestFaults(t *testing.T) {
	for _, k := range Default().Faults {
		if len(k.Cases) == 0 { // then nothing would hold it to anything
			t.Errorf("%s has no contract: give it a case, {} where it breaks nobody", k.Name)
		}
		for _, said := range or(k.Examples()) {
			t.Run(strings.TrimSpace(k.Name+" "+said), func(t *testing.T) {
				harnesstest.Fault(t, k, func(f harness.Fault) { configure(t, said, f) })
			})
		}
	}
}

func TestActions(t *testing.T) {
	for _, k := range Default().Actions {
		for _, said := range or(k.Examples) {
			t.Run(strings.TrimSpace(k.Name+" "+said), func(t *testing.T) {
				harnesstest.Action(t, k, func(a harness.Action) { configure(t, said, a) })
			})
		}
	}
}

// or is the kind's examples, or its defaults where it has none.
func or(examples []string) []string {
	if len(examples) == 0 {
		return []string{""}
	}
	return examples
}

func TestProbes(t *testing.T) {
	for _, k := range Default().Probes {
		t.Run(k.Name, func(t *testing.T) { harnesstest.Probe(t, k) })
	}
}

func TestChecks(t *testing.T) {
	for _, k := range Default().Checks {
		t.Run(k.Name, func(t *testing.T) {
			name := cmp.Or(elsewhere[k.Name], "flagship")
			h := worked(t, name)
			m := measure.Measure(h)
			check := k.New()
			configure(t, settings[k.Name], check)
			harnesstest.Check(t, k.Name, k.Doc, check, h, m)
			if said := check.Problems(&h.Plan); len(said) > 0 {
				t.Errorf("it could not be measured: %v", said)
			}
			unaimed(t, k)
		})
	}
}

// unaimed is a check of a probe and a fault that the plan doesn't have.
func unaimed(t *testing.T, k checks.Kind) {
	check := k.New()
	aim := `{"probe": "nobody", "fault": "nothing"}`
	if err := scenario.FromConfig([]byte(aim), check); err == nil && len(check.Problems(&history.Plan{})) < 2 {
		t.Errorf("that there is neither its probe nor its fault is told as %v", check.Problems(&history.Plan{}))
	}
}

// worked is a history that was worked by hand.
func worked(t *testing.T, name string) *history.History {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "analysis", "testdata", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), "-- history.jsonl --\n")
	text, _, _ := strings.Cut(after, "\n-- ")
	h, err := history.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
