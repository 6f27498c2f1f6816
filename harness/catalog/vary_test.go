package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

const varying = `
schema: regiondrill.scenario/v1
name: varying
system: {primary: us-east-1, additional: [eu-west-1]}
vantages:
  new-york: {rtt: {us-east-1: 8ms, eu-west-1: 76ms, idp: 20ms}}
probes:
  - {name: staff, kind: saml_login, from: new-york, home: us-east-1, every: 100ms, limit: 5s}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 10s, for: 30s}
checks:
  - {kind: recovery, probe: staff, fault: dark, within: 10s}
vary:
`

func readVarying(t *testing.T, draws ...string) (*engine.Plan, error) {
	t.Helper()
	c := Default()
	_, plan, err := c.ReadWith(strings.NewReader(varying+"  - "+strings.Join(draws, "\n  - ")+"\n"), "varying.yaml",
		scenario.With{}, engine.Options{Target: c.Targets[0], Version: "test"})
	return plan, err
}

// TestDrawsAreTriedBeforeAnyDrill: each value alone, and each with each of another draw, with the line and the values.
func TestDrawsAreTriedBeforeAnyDrill(t *testing.T) {
	const mode, hold = "{path: faults.dark.mode, one_of: [blackhole, http_503]}", `{path: faults.dark.hold, one_of: ["false", "true"]}`
	for name, c := range map[string]struct {
		draws []string
		says  []string
	}{
		"a word that is none": {[]string{"{path: faults.dark.mode, one_of: [blackhole, gone, refuse, away]}"},
			[]string{"varying.yaml:14:5: faults.dark.mode can't be gone: ", "varying.yaml:14:5: faults.dark.mode can't be away: "}},
		"both ends, of the same": {[]string{"{path: probes.stuff.every, from: 1s, to: 2s}"},
			[]string{"varying.yaml:14:5: probes.stuff.every can't be 1s or 2s: nothing in \"probes\" is named \"stuff\""}},
		"two that are well alone": {[]string{mode, hold},
			[]string{"varying.yaml:15:5: faults.dark.hold can't be false while faults.dark.mode is http_503 (line 14): "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readVarying(t, c.draws...)
			if err == nil {
				t.Fatal("nothing is wrong")
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("it says %v, and not %q", err, says)
				}
			}
		})
	}
	plan, err := readVarying(t, mode, "{path: probes.staff.every, from: 100ms, to: 1s}")
	if err != nil || told(plan) {
		t.Errorf("%v; all of these were tried", err)
	}
}

// TestTooManyPairsAreTold: how many were left out is a remark, and each draw was tried with each other one.
func TestTooManyPairsAreTold(t *testing.T) {
	draws := []scenario.Draw{}
	for i := range 20 {
		draws = append(draws, scenario.Draw{Path: fmt.Sprint("p", i), From: "1", To: "2"})
	}
	met := map[string]bool{}
	v := &varied{compile: func(sets ...scenario.Set) error {
		if len(sets) == 2 {
			met[sets[0].Path+sets[1].Path] = true
		}
		return nil
	}}
	if err := v.try(draws); err != nil || len(met) != 190 || v.left != 760-mostPairs {
		t.Errorf("%v; %d pairs of draws, and %d pairs of values were left", err, len(met), v.left)
	}
	plan, err := readVarying(t, manyDraws()...)
	if err != nil || !told(plan) {
		t.Errorf("%v; nobody is told that not all were tried", err)
	}
}

// told is that a plan says what was not tried.
func told(plan *engine.Plan) bool {
	return slices.ContainsFunc(plan.Remarks, func(r scenario.Remark) bool {
		return strings.HasPrefix(r.String(), "varying.yaml:14:3: remark: of the pairs of values")
	})
}

// manyDraws vary so much that not all pairs can be tried.
func manyDraws() []string {
	values := make([]string, 25)
	for i := range values {
		values[i] = fmt.Sprint(100+i, "ms")
	}
	all := "[" + strings.Join(values, ", ") + "]"
	return []string{"{path: probes.staff.every, one_of: " + all + "}", "{path: vantages.new-york.rtt.eu-west-1, one_of: " + all + "}"}
}
