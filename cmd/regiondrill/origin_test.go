package main

import (
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// Each drill of a command is a run of its own on the boards, in the order in which they ran, and all have the address
// that the command was told.
func TestRunsOfOneCommand(t *testing.T) {
	for name, c := range map[string]struct {
		times          int
		again          *history.Again
		dir            string
		run, at, where string
	}{
		"a drill":      {0, nil, "runs/out", "20261123T155611Z", "out", "https://ci.test/20261123T155611Z/out"},
		"the third":    {1000, nil, "runs/out/3", "20261123T155611Z-0003", "out/3", "https://ci.test/20261123T155611Z/out/3"},
		"run again":    {0, &history.Again{}, "runs/out", "20261123T155611Z-again", "out", "https://ci.test/20261123T155611Z/out"},
		"once of once": {1, nil, "runs/out/1", "20261123T155611Z-1", "out/1", "https://ci.test/20261123T155611Z/out/1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &session{started: time.Date(2026, 11, 23, 15, 56, 11, 0, time.UTC)}
			s.flags.origin.reportURL = "https://ci.test/{run}/{folder}"
			d := &compiled{scenario: &scenario.Scenario{Name: "toy"}, plan: &engine.Plan{}}
			d.scenario.Repeat.Times, d.plan.Record.Again = c.times, c.again
			if o := s.origin(d, c.dir); o.Run != c.run || o.Folder != c.at || o.ReportURL != c.where {
				t.Errorf("%+v", o)
			}
		})
	}
}
