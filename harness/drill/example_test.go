package drill_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
)

// A Go program that drills its own scenario and asks for the grade.
func ExampleRun() {
	const scenario = `schema: regiondrill.scenario/v1
name: short
system: {primary: us-east-1, additional: [eu-west-1]}
vantages: {office: {rtt: {us-east-1: 1ms}}}
warm_up: 500ms
settle: 500ms
probes:
  - {name: staff, kind: saml_login, from: office, home: us-east-1, every: 100ms, limit: 2s}
faults:
  - {name: slow, kind: link, where: {region: us-east-1, from: office}, latency: 5ms, at: 500ms, for: 500ms}
checks:
  - {kind: availability, probe: staff, fault: slow, window: fault, at_least: 0.9}
`
	kinds := catalog.Default()
	_, plan, err := kinds.Read(strings.NewReader(scenario), "short.yaml", nil, engine.Options{Target: kinds.Targets[0]})
	if err != nil {
		log.Fatal(err) // every mistake of the file, each with its line and column
	}
	parent, err := os.MkdirTemp("", "drill")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)

	folder := filepath.Join(parent, "run")
	verdict, err := drill.Run(context.Background(), plan, folder)
	if err != nil {
		log.Fatal(err) // it could not be run, or something could not be undone
	}
	fmt.Println(len(verdict.Findings), "finding;", "the report is in", filepath.Base(folder)+"/report.html")
	// Output: 1 finding; the report is in run/report.html
}
