package analysis_test

import (
	"bytes"
	"testing"

	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// TestSustainedOfTheCheck: where the plan doesn't say once more when people count as back, the check's own words count.
func TestSustainedOfTheCheck(t *testing.T) {
	_, h := recorded(t, "testdata/stray-pair.txtar")
	h.Plan.Sustained = nil
	for ratio, want := range map[string]verdict.Grade{"0.99": verdict.Fail, "0.5": verdict.Pass} {
		h.Plan.Checks[0].Config = bytes.Replace(h.Plan.Checks[0].Config, []byte("0.99"), []byte(ratio), 1)
		v, err := analysis.Conclude(h, checks.Table())
		if err != nil || v.Grade != want {
			t.Errorf("ratio %s: %v, %v; want %s", ratio, v.Grade, err, want)
		}
		h.Plan.Checks[0].Config = bytes.Replace(h.Plan.Checks[0].Config, []byte(ratio), []byte("0.99"), 1)
	}
}
