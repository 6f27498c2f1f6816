package drill_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/verdict"
	"github.com/regiondrill/regiondrill/scenarios"
)

const shippedWhole = "REGIONDRILL_SHIPPED"

// shippedSample are drilled always: the cheapest, by far, of those in which operators act.
var shippedSample = []string{"leaver-in-an-outage", "scim-token-expired"}

// TestShippedScenariosPass drills what comes with the program in the lab, in virtual time and without a browser: each
// says what is expected at AWS, and the lab is like it. A sample is drilled always, and all (four minutes of a
// processor's time) where the environment has REGIONDRILL_SHIPPED, as "make nightly" does. What only other targets carry
// is theirs to drill.
func TestShippedScenariosPass(t *testing.T) {
	unlessRaced(t)
	entries, err := scenarios.FS.ReadDir(".")
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d scenarios, %v", len(entries), err)
	}
	c, drilled := catalog.Default(), 0
	target := c.Targets[slices.IndexFunc(c.Targets, func(k harness.TargetKind) bool { return k.Name == "lab" })]
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".yaml")
		if os.Getenv(shippedWhole) == "" && !slices.Contains(shippedSample, name) {
			continue
		}
		drilled++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := scenarios.FS.ReadFile(entry.Name())
			if err != nil {
				t.Fatal(err)
			}
			s, plan, err := c.Read(bytes.NewReader(data), entry.Name(), nil,
				engine.Options{Target: target, Version: "test", WithoutBrowser: "there is none here"})
			if s != nil && c.Carries(s, target) != nil && slices.Contains(s.Tags, "containers") {
				t.Skip(c.Carries(s, target))
			}
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				h, v := recorded(t, plan)
				if v.Grade != verdict.Pass || h.End == nil || !h.End.Undone {
					t.Errorf("%s, ended as %+v; %v", v.Grade, h.End, v.Validity.Notes)
				}
				for _, f := range v.Findings {
					if f.Grade != verdict.Pass && f.Grade != verdict.Skipped {
						t.Errorf("%s: %s", f.Grade, f.Summary)
					}
				}
			})
		})
	}
	if drilled < len(shippedSample) {
		t.Errorf("of the sample %v only %d are shipped", shippedSample, drilled)
	}
}
