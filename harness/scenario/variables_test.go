package scenario

import (
	"strings"
	"testing"
)

// TestValuesThatAreRefused has one line for each, which shows nothing of the value, and takes the variable for used.
func TestValuesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ about, value, says string }{
		{"${WHERE}", "https://me:hunter2@kms.example/x", "1:51: the value of WHERE has a password in a URL"},
		{"${WHERE}", "hunter2\x1b[31m", "1:51: in the value of WHERE: control character U+001B does not belong in a scenario"},
		{"${WHERE:-${ELSE}}", "", "1:51: the default of ${WHERE} can't hold another variable"},
		{"${MY_TOKEN}", "hunter2", "1:51: MY_TOKEN looks like a secret"},
	} {
		text := "{schema: regiondrill.scenario/v1, name: n, about: '" + c.about + "'}"
		s, err := ReadWith(strings.NewReader(text), "F", With{Getenv: func(string) string { return c.value }})
		if err == nil || !strings.Contains(err.Error(), "F:"+c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", c.about, err)
		}
		if s == nil || len(s.Vars) != 1 {
			t.Errorf("%s: it counts as unused: %v", c.about, s)
		}
		for _, value := range s.Vars {
			if value != "" {
				t.Errorf("%s: %q is kept", c.about, value)
			}
		}
	}
	for _, fine := range []string{"https://kms.example:4566/x", "https://example/@me", "a: b, c@d", "two\nlines"} {
		text := "{schema: regiondrill.scenario/v1, name: n, about: '${WHERE}'}"
		_, err := ReadWith(strings.NewReader(text), "F", With{Getenv: func(string) string { return fine }})
		if strings.Contains(err.Error(), "WHERE") {
			t.Errorf("%q: %v", fine, err)
		}
	}
}
