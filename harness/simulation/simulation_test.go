package simulation_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"

	"path/filepath"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/simulation"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// planned compiles a scenario as the n-th of many, with what varies drawn by its seed.
func planned(tb testing.TB, text string) func(n int) (*engine.Plan, error) {
	tb.Helper()
	return func(n int) (*engine.Plan, error) {
		seed, c := uint64(n), catalog.Default()
		asked, err := scenario.Read(strings.NewReader(text), "by-hand")
		if err != nil {
			return nil, err
		}
		_, plan, err := c.ReadWith(strings.NewReader(text), "by-hand", scenario.With{Sets: asked.Drawn(seed), Drawn: true}, engine.Options{Target: c.Targets[0],
			Version: "test", Seed: &seed, Repeated: true, Virtual: true})
		return plan, err
	}
}

func simulated(tb testing.TB, text string, runs int) (*simulation.Outcome, string) {
	tb.Helper()
	keep := filepath.Join(tb.TempDir(), "worst")
	s := &simulation.Simulation{Catalog: catalog.Default(), Rule: repetition.Rule{Times: runs}, Plan: planned(tb, text)}
	outcome, err := s.Run(tb.Context(), keep)
	if err != nil {
		tb.Fatal(err)
	}
	return outcome, keep
}

const healthCheck = `
schema: regiondrill.scenario/v1
name: health-check-phase
system:
  primary: us-east-1
  additional: [eu-west-1]
  vanity: {host: access.acme.test, check_every: 10s, unhealthy_after: 3, ttl: 1s}
vantages:
  new-york: {rtt: {us-east-1: 8ms, eu-west-1: 76ms, idp: 20ms}}
warm_up: 3s
settle: 6s
probes:
  - {name: staff, kind: saml_login, from: new-york, home: us-east-1, every: 1s, limit: 5s, start: vanity}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 1s, for: 45s}
checks:
  - {kind: recovery, probe: staff, fault: dark, within: 38s}
`

// TestHealthCheckByHand: the checks of the vanity domain are ten seconds apart and wait four for an answer. When the
// first one after the outage begins is a matter of luck, the third comes twenty seconds later, and what it finds out is
// known after four more: so that the domain turns 24 to 34 s after the outage began. Answers of DNS are kept for a
// second, people come one a second, and a sign-in elsewhere takes 0.916 s: at the latest they are back after 36.9 s. One
// drill tells a second of these thirteen.
func TestHealthCheckByHand(t *testing.T) {
	outcome, _ := simulated(t, healthCheck, 24)
	times := outcome.Objectives[0].Times
	if times.N != 24 || times.NeverRecovered != 0 {
		t.Fatalf("%+v", times)
	}
	for _, d := range times.Drills {
		if d.Lower < 23.9 || *d.Upper < 24.9 || *d.Upper > 36.92 || *d.Upper-d.Lower > 1.01 {
			t.Errorf("drill %d says %g to %g s", d.Run, d.Lower, *d.Upper)
		}
		if d.Phases == nil || d.Phases.Detect < 20 || d.Phases.Decide != 0 {
			t.Errorf("drill %d has the phases %+v", d.Run, d.Phases)
		}
	}
	if *times.Max-*times.Min < 8 {
		t.Errorf("24 drills lie between %g and %g s", *times.Min, *times.Max)
	}
	if tail := times.Tail; tail == nil || tail.N != 1 || tail.Over.Detect < 3 || tail.Over.Detect < 3*tail.Over.Steer {
		t.Errorf("its tail is %+v", tail)
	}
}

const quick = `
schema: regiondrill.scenario/v1
name: quick
system: {primary: us-east-1, additional: [eu-west-1], idp: {bookmarks: [eu-west-1]}}
vantages:
  new-york: {rtt: {us-east-1: 8ms, eu-west-1: 76ms, idp: 20ms}}
warm_up: 1s
settle: 3s
probes:
  - name: staff
    kind: saml_login
    from: new-york
    home: us-east-1
    every: 200ms
    limit: 3s
    steer: {by: bookmark, to: eu-west-1, after: 1s}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, at: 1s, for: 6s}
checks:
  - {kind: recovery, probe: staff, fault: dark, within: 2500ms, sustained: {for: 2s}}
vary:
  - {path: probes.staff.steer.after, from: 500ms, to: 2s}
  - {path: probes.staff.connections, one_of: [fresh, kept]}
`

// TestTheSameSeedsGiveTheSame, whichever drill ends first; the worst of them is a run's folder like any other.
func TestTheSameSeedsGiveTheSame(t *testing.T) {
	first, keep := simulated(t, quick, 8)
	second, _ := simulated(t, quick, 8)
	a, err := json.Marshal(first)
	b, err2 := json.Marshal(second)
	if err != nil || err2 != nil || !bytes.Equal(a, b) {
		t.Errorf("%s\nand then\n%s\n%v, %v", a, b, err, err2)
	}
	o := first.Objectives[0]
	if o.Met < 3 || o.Missed == 0 || o.Unknown > 2 || first.Grade != verdict.Fail {
		t.Fatalf("of drills in which people wait for 0.5 to 2 s, %d met 2.5 s and %d missed them", o.Met, o.Missed)
	}
	h, err := history.Load(keep)
	if err != nil || !h.Plan.Virtual || len(h.Plan.Sets) != 2 || h.Plan.Seed != uint64(first.Worst) {
		t.Fatalf("the worst is %+v, %v", h.Plan, err)
	}
	if _, err := os.Stat(filepath.Join(keep, "report.html")); err != nil {
		t.Error(err)
	}
	for _, d := range o.Times.Drills {
		if *d.Upper > *o.Times.Drills[first.Worst-1].Upper {
			t.Errorf("the worst is said to be drill %d, and drill %d was slower", first.Worst, d.Run)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(keep)); err != nil || len(left) != 1 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// TestABrokenDrillEndsASimulation with its cause, and what was done before it stands. Where nothing was, nothing is left.
func TestABrokenDrillEndsASimulation(t *testing.T) {
	for _, at := range []int{1, 2} {
		keep, broken := filepath.Join(t.TempDir(), "worst"), errors.New("no plan")
		plan := planned(t, quick)
		s := &simulation.Simulation{Catalog: catalog.Default(), Rule: repetition.Rule{Times: 50},
			Plan: func(n int) (*engine.Plan, error) {
				if n >= at {
					return nil, broken
				}
				return plan(n)
			}}
		outcome, err := s.Run(t.Context(), keep)
		if failed, ok := errors.AsType[*simulation.Failed](err); !ok || failed.N != at || !errors.Is(err, broken) {
			t.Fatal(err)
		}
		switch left, err := os.ReadDir(filepath.Dir(keep)); {
		case err != nil || len(left) != at-1:
			t.Errorf("it leaves %v, %v", left, err)
		case at == 1 && outcome != nil:
			t.Errorf("nothing was run, and came to %+v", outcome)
		case at == 2 && (len(outcome.Runs) != 1 || outcome.Worst != 1 || outcome.Stopped != "drill 2 could not be run"):
			t.Errorf("one drill was run, and came to %+v", outcome)
		}
	}
}
