package drill_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// vanityDomain turns after six seconds of bad answers at most, and a place forgets the old answer five seconds later.
const vanityDomain = `schema: regiondrill.scenario/v1
name: vanity
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 4, groups: 2, accounts: 2, permission_sets: 2},
  vanity: {host: access.acme.test, check_every: 2s, unhealthy_after: 3, ttl: 5s}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms, global: 10ms}}}
warm_up: 3s
settle: 14s
probes:
  - {name: staff, kind: saml_login, start: vanity, from: office, home: us-east-1, every: 500ms, limit: 3s}
checks:
  - {kind: recovery, probe: staff, fault: broken, within: 11s, sustained: {for: 2s}}
`

const (
	turnsAfter = 6 * time.Second
	remembered = 5 * time.Second
)

// TestPeopleStartAtAVanityDomain: while the primary is dark they are led to the other Region, once the health checks
// have turned and their place has forgotten what DNS said before; and back when it is well again. A domain that is
// wrong leaves them outside, and so does one that is right where what it checks is green.
func TestPeopleStartAtAVanityDomain(t *testing.T) {
	const dark = "  - {name: broken, kind: region_outage, mode: refuse, where: {region: us-east-1}, at: 1s, for: 22s}\n"
	for name, faults := range map[string]string{
		"":                dark,
		"stale":           dark + "  - {name: wrong, kind: vanity, at: 0s, for: 24s}\n",
		"green_while_red": dark + "  - {name: wrong, kind: vanity, mode: green_while_red, at: 0s, for: 24s}\n",
		"two_hops":        dark + "  - {name: wrong, kind: vanity, mode: two_hops, where: {service: vanity}, at: 0s, for: 24s}\n",
		"no key":          "  - {name: broken, kind: kms_key, where: {region: us-east-1}, at: 1s, for: 22s}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, v := recorded(t, compiled(t, vanityDomain+"faults:\n"+faults))
				if !v.Validity.FaultsProven || !h.End.Undone {
					t.Fatalf("ended as %+v; %v", h.End, v.Validity.Notes)
				}
				r := v.Recovery("staff", "broken")
				if name != "" {
					if r.EndedBy != verdict.Heal || v.Grade != verdict.Fail {
						t.Errorf("%s: %s, %+v", v.Grade, r.EndedBy, r.RecoveryTimeActual)
					}
					return
				}
				if v.Grade != verdict.Pass || r.EndedBy != verdict.Failover || r.RecoveredIn != "eu-west-1" {
					t.Fatalf("%s: %s in %s, %+v; %v", v.Grade, r.EndedBy, r.RecoveredIn, r.RecoveryTimeActual, r.Doubts)
				}
				ledElsewhere(t, h, r)
			})
		})
	}
}

// TestAVanityDomainThatIsWrongAlone harms nobody who starts there, as its contract says: the primary is well.
func TestAVanityDomainThatIsWrongAlone(t *testing.T) {
	text := vanityDomain[:strings.Index(vanityDomain, "checks:")] + `faults:
  - {name: stale, kind: vanity, at: 1s, for: 8s}
  - {name: green, kind: vanity, mode: green_while_red, at: stale.healed + 1s, for: 8s}
  - {name: twice, kind: vanity, mode: two_hops, at: green.healed + 1s, for: 8s}
`
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, text))
		if !v.Validity.FaultsProven || !h.End.Undone || len(h.Attempts) < 80 {
			t.Fatalf("%d attempts, ended as %+v; %v", len(h.Attempts), h.End, v.Validity.Notes)
		}
		for _, a := range h.Attempts {
			if a.Steps[0].Name != history.StepVanity || a.Outcome != history.Good || a.Region != "us-east-1" {
				t.Fatalf("the attempt due %s is %s in %q: %s", a.Due, a.Outcome, a.Region, a.Detail)
			}
		}
	})
}

// ledElsewhere looks at when the domain turned, and where it led people.
func ledElsewhere(t *testing.T, h *history.History, r *verdict.Recovery) {
	t.Helper()
	i := slices.IndexFunc(h.Events, func(e history.Event) bool { return e.Type == history.TypeMarker })
	if i < 0 || h.Events[i].Marker.Name != history.MarkerDetected || h.Events[i].Marker.Subject != "" {
		t.Fatal("no marker says that the domain has noticed")
	}
	turned := h.Events[i].At
	if least := history.At(time.Second + turnsAfter/2); turned < least || turned > history.At(time.Second+turnsAfter) {
		t.Errorf("it turned at %s", turned)
	}
	if p := r.Phases; p == nil || p.Decide != 0 || p.Detect < 4 || p.Steer > verdict.Seconds(remembered.Seconds()) {
		t.Errorf("its phases are %+v", p)
	}
	for _, a := range h.Attempts {
		switch {
		case a.Steps[0].Name != history.StepVanity || a.Steps[0].Host != "access.acme.test":
			t.Fatalf("the attempt due %s began with %+v", a.Due, a.Steps[0])
		case a.Due > turned+history.At(remembered) && a.Due < history.At(23*time.Second) && a.Region != "eu-west-1":
			t.Errorf("the attempt due %s came to %q: %s", a.Due, a.Region, a.Detail)
		case a.Due > history.At(23*time.Second+turnsAfter+remembered) && a.Region != "us-east-1":
			t.Errorf("the attempt due %s came to %q: %s", a.Due, a.Region, a.Detail)
		}
	}
}

// TestAllWhoSignInStartAtAVanityDomain: programs are led as browsers are, to the Region that is well; but one that is led
// to the classic portal stays with the Region of its profile, which is dark.
func TestAllWhoSignInStartAtAVanityDomain(t *testing.T) {
	start := strings.Index(vanityDomain, "  - {name: staff")
	system := strings.Replace(vanityDomain[:start], "vanity: {", "applications: [{name: Wiki, region: eu-west-1}],\n  vanity: {", 1)
	const same = "start: vanity, from: office, home: us-east-1, every: 500ms, limit: 3s}\n"
	text := system + "  - {name: code, kind: cli_login, " + same +
		"  - {name: device, kind: cli_login, flow: device_code, " + same +
		"  - {name: herd, kind: load, " + same + "  - {name: console, kind: console, " + same +
		"  - {name: wiki, kind: app_launch, application: Wiki, " + same +
		"faults:\n  - {name: broken, kind: region_outage, mode: refuse, where: {region: us-east-1}, at: 1s, for: 40s}\n" +
		"  - {name: wrong, kind: vanity, mode: two_hops, at: 22s, for: 18s}\n"
	synctest.Test(t, func(t *testing.T) {
		h, v := recorded(t, compiled(t, text))
		if !v.Validity.FaultsProven || !h.End.Undone {
			t.Fatalf("ended as %+v; %v", h.End, v.Validity.Notes)
		}
		led := map[string]int{}
		for _, a := range h.Attempts {
			switch due := a.Due; {
			case due < 0 && (a.Outcome != history.Good || a.Region != "us-east-1" && a.Probe != "wiki"):
				t.Errorf("before it %s, due %s, came to %q: %s", a.Probe, due, a.Region, a.Detail)
			case due > history.At(time.Second+turnsAfter+remembered) && due < history.At(21*time.Second):
				if led[a.Probe]++; a.Region != "eu-west-1" {
					t.Errorf("%s, due %s, came to %q: %s", a.Probe, due, a.Region, a.Detail)
				}
			case due > history.At(23*time.Second) && due < history.At(39*time.Second) && a.Outcome == history.Good:
				t.Errorf("%s, due %s, got in by the classic portal of a Region that is dark", a.Probe, due)
			}
		}
		if len(led) != 5 {
			t.Errorf("led elsewhere were %v", led)
		}
	})
}
