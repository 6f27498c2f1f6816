package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
)

// A scenario that runs programs on this machine is refused until somebody has confirmed it.
func TestProgramsMustBeAllowed(t *testing.T) {
	const text = `schema: regiondrill.scenario/v1
name: own
system: {primary: us-east-1, additional: [eu-west-1]}
vantages: {office: {rtt: {us-east-1: 8ms}}}
warm_up: 2s
settle: 2s
probes:
  - {name: glass, kind: exec, command: [./break-glass.sh, --now], env: {A: b}, from: office, home: us-east-1, every: 1s, limit: 1s}
`
	c := catalog.Default()
	_, plan, err := c.Read(strings.NewReader(text), "own.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if needs := plan.Record.Probes[0].Needs; len(needs) != 1 || filepath.ToSlash(needs[0]) != "./break-glass.sh" {
		t.Errorf("it needs %v", needs)
	}
	drills := []*compiled{{source: source{name: "own.yaml"}, plan: plan}}
	const want = "own.yaml would run a program on this machine: ./break-glass.sh --now; confirm it with --allow-exec"
	if err := mayExecute(drills, false); err == nil || err.Error() != want {
		t.Errorf("it says %v", err)
	}
	if err := mayExecute(drills, true); err != nil {
		t.Error(err)
	}
}
