package measure

import (
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
)

// TestLuckyAtHome: of people who stay at home, by who got in (.) and failed (x) while a fault was in force, a window of
// ten of them. Whom somebody else carried is a capital.
func TestLuckyAtHome(t *testing.T) {
	quiet := func(n int) string { return strings.Repeat(".", n) }
	out := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		seen  string
		lucky bool
	}{
		"nobody failed":              {quiet(60), false},
		"all failed":                 {out(60), false},
		"one, and then all got in":   {quiet(5) + out(1) + quiet(54), true},
		"a few here and there":       {quiet(5) + out(2) + quiet(14) + out(1) + quiet(20) + out(1) + quiet(17), true},
		"the same, carried away":     {quiet(5) + out(2) + quiet(14) + out(1) + quiet(20) + "xE" + quiet(16), false},
		"a few to the end":           {quiet(20) + out(1) + quiet(30) + out(2) + quiet(3) + out(2), true},
		"every third, to the end":    {strings.Repeat("..x", 20), false},
		"half, and then all got in":  {strings.Repeat(".x", 15) + quiet(30), false},
		"all for a while, then none": {quiet(10) + out(6) + quiet(44), false},
		"the first, then none":       {out(2) + quiet(58), false},
		"none, then all":             {quiet(50) + out(10), false},
	} {
		if s, lucky := seen(c.seen).luckyAt("home"); lucky != c.lucky {
			t.Errorf("%s: %+v, lucky %t", name, s, lucky)
		}
	}
}

// seen is the way back of people a second apart who were seen for as long as they came.
func seen(outcomes string) *comeback {
	s := &series{}
	for i, o := range outcomes {
		due := history.Seconds(float64(i))
		a := &history.Attempt{Due: due, Ended: due + history.Seconds(0.1), Outcome: history.Good, Region: "home"}
		switch o {
		case 'x':
			a.Outcome, a.Region = history.Bad, ""
		case 'E':
			a.Region = "elsewhere"
		}
		s.tries = append(s.tries, try{a, int64(i)})
	}
	s.evidence = s.tries
	every := history.Seconds(1)
	return s.newComeback(0, watch{until: history.Seconds(float64(len(outcomes)))},
		rule{window: 10 * every, gap: 3 * every, ratio: 0.99, every: every}, "")
}
