package scenario

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestExtendingFileIsReadStrictly holds that nothing of a file that extends another is lost in joining the two.
func TestExtendingFileIsReadStrictly(t *testing.T) {
	base := "schema: regiondrill.scenario/v1\nname: base\nseed: 1\nsystem: {primary: us-east-1}\n"
	open := func(string, string) ([]byte, string, error) { return []byte(base), "B", nil }
	tests := map[string][]string{
		"extends: B\nname: a\nseed: 2\nseed: 3\n":                {`F:4:1: duplicate key "seed"; it stands in line 3 already`},
		"extends: B\nname: a\nsettle: 2s\nsettle: 3s\n":          {`F:4:1: duplicate key "settle"; it stands in line 3 already`},
		"extends: B\nname: a\nabout: x\nsystem:\n  kms: &k {}\n": {"F:5:8: " + noAliases},
	}
	for file, want := range tests {
		_, err := ReadWith(strings.NewReader(file), "F", With{Open: open})
		var got []string
		for line := range strings.Lines(err.Error()) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "F:") {
				got = append(got, line)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\ngot\n%s\nwant\n%s", file, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestParseVar holds its forms, and that a value which may be a secret is not repeated.
func TestParseVar(t *testing.T) {
	if name, value, err := ParseVar("HOME_REGION=eu-west-1=x"); name != "HOME_REGION" || value != "eu-west-1=x" || err != nil {
		t.Errorf("it is %q, %q, %v", name, value, err)
	}
	const says = ": write NAME=VALUE, the name of letters, digits and _"
	for flag, want := range map[string]string{
		"API-KEY=hunter2": "--var API-KEY" + says, "9=hunter2": "--var 9" + says, "=hunter2": "--var" + says,
		"NAME:-x=hunter2": "--var NAME:-x" + says,
	} {
		if _, _, err := ParseVar(flag); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", flag, err, want)
		}
	}
}

// TestLiteral: what is made literal is read as it stands, whatever the environment has.
func TestLiteral(t *testing.T) {
	for _, about := range []string{"${USER}", "$${USER}", "${USER:-x} and ${aws:username}", "$5", "plain"} {
		s, _ := ReadWith(strings.NewReader("about: x\n"), "F", With{Sets: []Set{{Path: "about", Value: Literal("'" + about + "'")}},
			Getenv: func(string) string { return "root" }})
		if s.About != about || len(s.Vars) > 0 {
			t.Errorf("%s is read as %s, with %v", about, s.About, s.Vars)
		}
	}
}

// TestAnotherKind: an entry that is given another kind keeps what every entry has, and what only the old one has is
// gone; mistakes in what is left are told where they stand.
func TestAnotherKind(t *testing.T) {
	base := minimal + "faults: [{name: dark, kind: region_outage, mode: refuse, where: {region: us-east-1}, at: 3s,\n" +
		"  for: 9s, ramp: {mode: x}}]\nchecks:\n  - {name: c, kind: recovery, probe: staff, fault: dark, within: 1s}\n"
	open := func(string, string) ([]byte, string, error) { return []byte(base), "B", nil }
	read := func(entry string) (*Scenario, error) {
		s, err := ReadWith(strings.NewReader("extends: B\nname: a\n"+entry), "F", With{Open: open})
		return s, Join(err, toys().Check(s))
	}
	s, err := read("faults: [{name: dark, kind: link, latency: 1s}]\n")
	if err != nil {
		t.Fatal(err)
	}
	var got link
	if err := Into(s.Faults[0].Block, &got); err != nil || got.Latency != time.Second {
		t.Errorf("%+v, %v", got, err)
	}
	if f := s.Faults[0]; len(s.Faults) != 1 || f.At.Offset != 3*time.Second || f.Where.Region != "us-east-1" {
		t.Errorf("of the old one it has %+v", f)
	}
	for entry, want := range map[string]string{
		"faults: [{name: dark, kind: link, mode: refuse}]\n": `F:3:35: unknown key "mode" in a fault`,
		"faults: [{name: dark, mode: reset}]\n":              `B:11:19: nothing of this kind of fault can rise`,
		"checks: [{name: c, kind: latency, p95: 1s}]\n":      `B:13:5: a check needs "probe"`,
	} {
		if _, err := read(entry); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s%v\nwant %s", entry, err, want)
		}
	}
}

// TestStayingHome: who extends a scenario and says that people don't steer needn't empty where else they went; who
// changes another key of it keeps the way.
func TestStayingHome(t *testing.T) {
	base := strings.Replace(minimal, "limit:", "steer: {by: bookmark, to: eu-west-1, after: 2s}, limit:", 1)
	if base == minimal {
		t.Fatal("nobody of it can steer")
	}
	open := func(string, string) ([]byte, string, error) { return []byte(base), "B", nil }
	for said, want := range map[string]steer{
		"{by: none}":  {By: "none"},
		"{after: 1s}": {By: "bookmark", To: "eu-west-1", After: time.Second},
	} {
		file := "extends: B\nname: a\nprobes: [{name: staff, steer: " + said + "}]\n"
		s, err := ReadWith(strings.NewReader(file), "F", With{Open: open})
		if err != nil {
			t.Fatal(err)
		}
		var got login
		if err := Into(s.Probes[0].Block, &got); err != nil || got.Steer != want {
			t.Errorf("%s makes %+v, %v", said, got.Steer, err)
		}
	}
}
