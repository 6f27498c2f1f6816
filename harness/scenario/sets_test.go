package scenario

import (
	"strings"
	"testing"
	"time"
)

func TestSets(t *testing.T) {
	for _, c := range []struct {
		flag string
		ok   func(*Scenario) bool
	}{
		{"seed=99", func(s *Scenario) bool { return s.Seed == 99 }},
		{"system.idp.acs=[us-east-1]", func(s *Scenario) bool { return strings.Join(s.System.IdP.ACS, "") == "us-east-1" }},
		{"system.idp.acs=[]", func(s *Scenario) bool { return s.System.IdP.ACS != nil && len(s.System.IdP.ACS) == 0 }},
		{"system.idp.acs.1=eu-west-2", func(s *Scenario) bool { return s.System.IdP.ACS[1] == "eu-west-2" }},
		{"faults.0.mode=refuse", func(s *Scenario) bool { return fault(s).Mode == "refuse" }},
		{"faults.virginia-dark.hold=false", func(s *Scenario) bool { return !fault(s).Hold }},
		{"faults.virginia-dark.where.service=portal", func(s *Scenario) bool { return s.Faults[0].Where.Service == "portal" }},
		{"probes.staff.steer={by: none}", func(s *Scenario) bool { return steering(s, 0) == steer{By: "none", After: time.Second} }},
		{"probes.2.steer.by=bookmark", func(s *Scenario) bool { return steering(s, 2) == steer{By: "bookmark", After: time.Second} }},
		{"probes.staff-in-chrome.every = 5s ", func(s *Scenario) bool { return s.Probes[1].Every == 5*time.Second }},
		{"vantages.dublin.rtt.eu-west-1=90ms", func(s *Scenario) bool { return s.Vantages[1].RTT["eu-west-1"] == 90*time.Millisecond }},
		{"vantages.sydney={rtt: {idp: 300ms}}", func(s *Scenario) bool { return s.Vantages[2].Name == "sydney" }},
		{"checks=[]", func(s *Scenario) bool { return len(s.Checks) == 0 }},
		{"about='a = b'", func(s *Scenario) bool { return s.About == "a = b" }},
	} {
		t.Run(c.flag, func(t *testing.T) {
			s, err := flagship(t, c.flag)
			if err != nil {
				t.Fatal(err)
			}
			if !c.ok(s) {
				t.Errorf("it had no effect: %+v", s)
			}
			if len(s.Sets) != 1 || strings.Contains(string(s.Source), c.flag) {
				t.Error("the flag is kept beside the bytes as given, not in them")
			}
		})
	}
}

func fault(s *Scenario) outage {
	v := outage{Mode: "blackhole", Hold: true}
	_ = Into(s.Faults[0].Block, &v)
	return v
}

func steering(s *Scenario, i int) steer {
	v := login{steer{By: "none", After: time.Second}}
	_ = Into(s.Probes[i].Block, &v)
	return v.Steer
}

func TestSetsApplyInOrder(t *testing.T) {
	s, err := flagship(t, "probes.staff.name=people", "probes.people.every=1s", "probes.people.every=2s")
	if err != nil || s.Probes[0].Name != "people" || s.Probes[0].Every != 2*time.Second {
		t.Errorf("got %+v, %v", s.Probes[0], err)
	}
}

func TestParseSet(t *testing.T) {
	for _, bad := range []string{"", "seed", "=1", "a..b=1", ".a=1", "a.=1"} {
		if set, err := ParseSet(bad); err == nil {
			t.Errorf("%q is taken as %+v", bad, set)
		} else if !strings.Contains(err.Error(), "write PATH=VALUE") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	set, err := ParseSet("a.b={c: d=e}")
	if err != nil || set != (Set{Path: "a.b", Value: "{c: d=e}"}) || set.String() != "--set a.b={c: d=e}" {
		t.Errorf("got %+v, %v", set, err)
	}
}

// What a mistake repeats of a flag holds no password and no token.
func TestSetWithoutSecrets(t *testing.T) {
	for value, want := range map[string]string{
		"http://ann:hush@kms.test:4566/x":            "http://…@kms.test:4566/x",
		"'https://hush@kms.test'":                    "'https://…@kms.test'",
		"http://kms.test?token=hush":                 "http://kms.test?…",
		"{url: 'http://a:hush@b/?k=hush', image: c}": "{url: 'http://…@b/?…', image: c}",
		"http://kms.test:4566":                       "http://kms.test:4566", "a@b": "a@b", "why?": "why?",
	} {
		if got := (Set{Path: "kms", Value: value}).String(); got != "--set kms="+want {
			t.Errorf("%s: %s", value, got)
		}
	}
	_, err := ReadWith(strings.NewReader("name: x\n"), "F", With{Sets: []Set{{Path: "system.kms.url", Value: "[http://ann:hush@kms.test]"}}})
	if err == nil || !strings.Contains(err.Error(), "--set system.kms.url=[http://…@kms.test]: ") {
		t.Errorf("the mistake is told as %v", err)
	}
}
