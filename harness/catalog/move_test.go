package catalog

import (
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
)

const periodic = `schema: regiondrill.scenario/v1
name: periodic
system: {primary: us-east-1, additional: [eu-west-1]VANITY}
vantages: {here: {rtt: {us-east-1: 2ms}}}
probes: [{name: staff, kind: saml_login, from: here, home: us-east-1, every: 200ms, limit: 2s}]
faults:
  - {name: first, kind: region_outage, where: {region: us-east-1}, at: 5s, for: 10s}
  - {name: second, kind: region_outage, where: {region: eu-west-1}, at: first.healed + 1s, for: 2s}
actions: [{name: seen, kind: acknowledge, at: 7s, fault: first}]
`

// Of many drills each has what happens at another phase of whatever is periodic, all of it moved alike; a single drill
// has it when its file says.
func TestRepeatedDrillsMoveTheirFaults(t *testing.T) {
	catalog := Default()
	plan := func(vanity string, seed uint64, repeated bool) history.Plan {
		text := strings.Replace(periodic, "VANITY", vanity, 1)
		_, plan, err := catalog.Read(strings.NewReader(text), "it", nil,
			engine.Options{Target: catalog.Targets[0], Seed: &seed, Repeated: repeated})
		if err != nil {
			t.Fatal(err)
		}
		return plan.Record
	}
	for vanity, longest := range map[string]time.Duration{"": 200 * time.Millisecond,
		", vanity: {host: access.acme.test, check_every: 20s, ttl: 5s}": 20 * time.Second} {
		drawn := map[history.Instant]bool{}
		var last history.Instant
		for seed := range uint64(40) {
			p := plan(vanity, seed, true)
			if p.Moved < 0 || p.Moved >= history.At(longest) || p.Faults[0].At != history.At(5*time.Second)+p.Moved ||
				p.Actions[0].At != history.At(7*time.Second)+p.Moved || p.Faults[1].At != history.At(time.Second) {
				t.Fatalf("seed %d: moved by %v, %+v, %+v", seed, p.Moved, p.Faults, p.Actions)
			}
			drawn[p.Moved], last = true, max(last, p.Moved)
			if again := plan(vanity, seed, true); again.Moved != p.Moved {
				t.Errorf("seed %d draws %v and %v", seed, p.Moved, again.Moved)
			}
		}
		if len(drawn) < 38 || last < history.At(longest)*3/4 {
			t.Errorf("over %v only %d phases are drawn, up to %v", longest, len(drawn), last)
		}
	}
	if p := plan("", 1, false); p.Moved != 0 || p.Faults[0].At != history.At(5*time.Second) {
		t.Errorf("a single drill is moved: %+v", p.Faults)
	}
}
