package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// phases are what run draws for the flagship's probes with the flags.
func phases(t *testing.T, args ...string) (offsets [3]history.Instant, plan history.Plan) {
	t.Helper()
	p := &program{catalog: toys()}
	cmd := p.runCommand()
	var flags runFlags
	cmd.ResetFlags()
	flags.bind(cmd.Flags())
	if err := cmd.ParseFlags(append(args, "--without-browser")); err != nil {
		t.Fatal(err)
	}
	flags.seeded = cmd.Flags().Changed("seed")
	drills, err := p.drills([]string{"primary-region-outage"}, &flags)
	if err != nil {
		t.Fatal(err)
	}
	plan = drills[0].plan.Record
	for i, probe := range plan.Probes {
		if offsets[i] = probe.Offset; probe.Offset < 0 || probe.Offset >= probe.Every {
			t.Errorf("%s begins at %v of %v", probe.Name, probe.Offset.Duration(), probe.Every.Duration())
		}
	}
	return offsets, plan
}

// TestPhases: thirty nights are thirty phases of the same people, and flags replay each.
func TestPhases(t *testing.T) {
	seen := map[[3]history.Instant]bool{}
	for range 30 {
		drawn, plan := phases(t)
		if seen[drawn] || plan.Seed != 7 || plan.PhaseSeed == 0 {
			t.Fatalf("seed %d, phase %d: %v was drawn before: %t", plan.Seed, plan.PhaseSeed, drawn, seen[drawn])
		}
		seen[drawn] = true
		if again, _ := phases(t, replay(t, plan)...); again != drawn {
			t.Fatalf("%v comes back as %v", drawn, again)
		}
	}
	first, plan := phases(t, "--seed", "11")
	if second, _ := phases(t, replay(t, plan)...); plan.Seed != 11 || second != first {
		t.Errorf("seed %d draws %v, then %v", plan.Seed, first, second)
	}
}

var command = regexp.MustCompile(`regiondrill run [^<]*?( --seed [^<]*?)(?: --without-browser)?<`)

// replay are the flags by which the report says to run the drill again.
func replay(t *testing.T, plan history.Plan) []string {
	t.Helper()
	table := report.Table()
	i := slices.IndexFunc(table, func(e report.Exporter) bool { return e.File == "report.html" })
	var page bytes.Buffer
	r := &report.Report{History: &history.History{Plan: plan}, Verdict: &verdict.Verdict{Seed: plan.Seed}}
	if err := table[i].Write(&page, []*report.Report{r}); err != nil {
		t.Fatal(err)
	}
	m := command.FindStringSubmatch(page.String())
	if m == nil {
		t.Fatalf("the report doesn't say how to run it again:\n%s", page.String())
	}
	return strings.Fields(m[1])
}
