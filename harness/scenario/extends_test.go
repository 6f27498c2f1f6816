package scenario

import (
	"slices"
	"strings"
	"testing"
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
		s, _ := ReadWith(strings.NewReader("about: x\n"), "F", With{Sets: []Set{{"about", Literal("'" + about + "'")}},
			Getenv: func(string) string { return "root" }})
		if s.About != about || len(s.Vars) > 0 {
			t.Errorf("%s is read as %s, with %v", about, s.About, s.Vars)
		}
	}
}
