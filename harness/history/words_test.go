package history_test

import (
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
)

func TestWordsOfJourneys(t *testing.T) {
	probes := func(journeys ...history.Journey) *history.Plan {
		p := &history.Plan{}
		for _, j := range journeys {
			p.Probes = append(p.Probes, history.Probe{Name: string(j), Journey: j})
		}
		return p
	}
	for _, c := range []struct {
		what string
		got  history.Words
		want string // to do it, and several
	}{
		{"a probe that doesn't say", probes("").Words(""), "sign in, sign-ins"},
		{"signing in", history.SignIn.Words(), "sign in, sign-ins"},
		{"credentials", probes(history.SignIn, history.RoleCredentials).Words("role_credentials"), "get credentials, calls"},
		{"a journey of a later version", history.Journey("teleport").Words(), "get what they came for, attempts"},
		{"a probe that isn't there", probes(history.RoleCredentials).Words("gone"), "sign in, sign-ins"},
		{"all of one journey", probes("", history.SignIn).WordsOfAll(), "sign in, sign-ins"},
		{"all get credentials", probes(history.RoleCredentials).WordsOfAll(), "get credentials, calls"},
		{"two journeys", probes("", history.RoleCredentials).WordsOfAll(), "get what they came for, attempts"},
		{"no probe", probes().WordsOfAll(), "sign in, sign-ins"},
	} {
		if got := c.got.Do + ", " + c.got.Many; got != c.want {
			t.Errorf("%s is told as %q, not %q", c.what, got, c.want)
		}
	}
}
