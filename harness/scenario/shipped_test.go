package scenario

import (
	"bytes"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/scenarios"
)

func TestShippedScenariosRead(t *testing.T) {
	entries, err := scenarios.FS.ReadDir(".")
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d scenarios, %v", len(entries), err)
	}
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			data, _ := scenarios.FS.ReadFile(entry.Name())
			s, err := Read(bytes.NewReader(data), entry.Name()) // the catalog's tests hold them against the kinds
			if err != nil {
				t.Fatal(err)
			}
			if s.Name+".yaml" != entry.Name() {
				t.Errorf("%s is named %s", entry.Name(), s.Name)
			}
			if header := "# yaml-language-server: $schema=schema.json\n"; !bytes.HasPrefix(data, []byte(header)) {
				t.Errorf("the first line doesn't name the schema")
			}
		})
	}
}

func flagship(t *testing.T, flags ...string) (*Scenario, error) {
	t.Helper()
	data, err := scenarios.FS.ReadFile("primary-region-outage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var sets []Set
	for _, f := range flags {
		set, err := ParseSet(f)
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, set)
	}
	s, err := ReadWith(bytes.NewReader(data), "flagship.yaml", With{Sets: sets})
	return s, Join(err, toys().Check(s))
}

func TestFlagshipValues(t *testing.T) {
	s, err := flagship(t)
	if err != nil {
		t.Fatal(err)
	}
	if s.Seed != 7 || s.WarmUp != 5*time.Second || s.System.Primary != "us-east-1" || s.System.Directory.Users != 40 {
		t.Errorf("read %+v", s)
	}
	if len(s.Vantages) != 2 || s.Vantages[0].Name != "new-york" || s.Vantages[1].RTT["eu-west-1"] != 2*time.Millisecond {
		t.Errorf("vantages %+v", s.Vantages)
	}
	if p := s.Probes[0]; p.Name != "staff" || p.Every != 100*time.Millisecond || p.Home != "us-east-1" {
		t.Errorf("probe %+v", p)
	}
	if f := s.Faults[0]; f.At.Offset != 10*time.Second || f.For != 30*time.Second || f.Where.Region != "us-east-1" {
		t.Errorf("fault %+v", f)
	}
	l := login{steer{By: "none"}}
	if err := Into(s.Probes[0].Block, &l); err != nil || l.Steer.By != "bookmark" || l.Steer.After != 2*time.Second {
		t.Errorf("steer %+v, %v", l, err)
	}
	r := recovery{}
	if err := Into(s.Checks[0].Block, &r); err != nil || r.Probe != "staff" || r.Sustained.Ratio != 0.99 {
		t.Errorf("recovery %+v, %v", r, err)
	}
}
