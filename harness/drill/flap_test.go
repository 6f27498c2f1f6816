package drill_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

const flapping = `schema: regiondrill.scenario/v1
name: flapping
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], idp: {bookmarks: [eu-west-1]},
  directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2, people: {leaver: {groups: [group-02]}}}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 2s
settle: 4s
probes:
  - {name: staff, kind: saml_login, from: office, home: us-east-1, every: 250ms, limit: 3s,
     steer: {by: bookmark, to: eu-west-1, after: 500ms}}
  - {name: alone, kind: saml_login, from: office, home: eu-west-1, as: leaver, every: 1s, limit: 3s}
faults:
  - {name: dark, kind: region_outage, where: {region: us-east-1}, mode: refuse, at: 2s, for: 6s, every: 12s, times: 3}
  - {name: after, kind: link, latency: 5ms, where: {region: us-east-1}, at: dark.healed + 1s, for: 1s}
checks:
  - {kind: recovery, probe: staff, fault: dark, within: 2s, sustained: {for: 1s}}
  - {kind: recovery, name: in time, probe: staff, fault: dark, within: 3s, sustained: {for: 1s}}
`

func compiled(t *testing.T, text string) *engine.Plan {
	t.Helper()
	unlessRaced(t)
	c := catalog.Default()
	_, plan, err := c.Read(strings.NewReader(text), "it.yaml", nil, engine.Options{Target: c.Targets[0], Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestAFaultThatFlaps comes three times, each proven, healed and judged by itself; what waits for its healing waits for
// the last. A named person comes where they are named, and nowhere else.
func TestAFaultThatFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, flapping))
		if v.Grade != verdict.Pass {
			t.Errorf("%s: %+v, %v", v.Grade, v.Findings, v.Validity.Notes)
		}
		var titles []string
		for _, f := range v.Findings {
			titles = append(titles, f.Name)
		}
		if got := strings.Join(titles, "; "); got != "recovery of staff from dark; recovery of staff from dark-2; "+
			"recovery of staff from dark-3; in time; in time, time 2; in time, time 3" {
			t.Errorf("its findings are %s", got)
		}
		for _, name := range []string{"dark", "dark-2", "dark-3"} {
			if r := v.Recovery("staff", name); r == nil || r.EndedBy != verdict.Failover {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if first, last := h.Plan.Fault("dark"), h.Plan.Fault("dark-3"); last.At-first.At != 2*(h.Plan.Fault("dark-2").At-first.At) ||
			h.Plan.Fault("after").After != "dark-3.healed" {
			t.Errorf("they begin at %s and %s; the other waits for %s", first.At, last.At, h.Plan.Fault("after").After)
		}
		for _, a := range h.Attempts {
			if (a.Probe == "alone") != (a.User == "leaver") || a.Probe == "alone" && a.Outcome != history.Good {
				t.Fatalf("%s signs in as %s: %s %s", a.Probe, a.User, a.Outcome, a.Detail)
			}
		}
	})
}

// TestADrillThatHarmsTooMuch stops when it does, with everything healed within moments, and is unknown.
func TestADrillThatHarmsTooMuch(t *testing.T) {
	text := strings.Replace(flapping, "checks:", "abort_if: [{probe: staff, availability_below: 0.5, over: 3s}]\nchecks:", 1)
	text = strings.Replace(text, "steer: {by: bookmark, to: eu-west-1, after: 500ms}", "steer: {by: none}", 1)
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, text))
		if v.Grade != verdict.Unknown || h.End.Reason != history.Aborted || !h.End.Undone ||
			!strings.Contains(h.End.Detail, "attempts of staff that ended within 3s were good, less than the 0.5 of abort_if") {
			t.Errorf("%s: %+v", v.Grade, h.End)
		}
		_, effective, healing, healed := instants(h)
		if healing <= effective || healed-healing > history.Seconds(2) || h.EndAt > history.Seconds(8) {
			t.Errorf("effective %s, healing %s, healed %s, ended %s", effective, healing, healed, h.EndAt)
		}
		calm := compiled(t, strings.Replace(text, "availability_below: 0.5", "availability_below: 0.001", 1))
		if h, _ := recorded(t, calm); h.End.Reason != history.Aborted {
			t.Errorf("with nobody let in for 3 s it ended as %+v", h.End)
		}
	})
}

// TestStopConditionsHaveTheirTime: steering people are never below half of the good ones, so nothing is stopped.
func TestStopConditionsHaveTheirTime(t *testing.T) {
	text := strings.Replace(flapping, "checks:", "abort_if: [{probe: staff, availability_below: 0.5, over: 3s}]\nchecks:", 1)
	synctest.Test(t, func(t *testing.T) {
		if h, _ := recorded(t, compiled(t, text)); h.End.Reason != history.Completed {
			t.Errorf("it ended as %+v", h.End)
		}
	})
}
