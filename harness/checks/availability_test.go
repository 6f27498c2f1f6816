package checks

import (
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// TestAvailabilityHasTwoBounds: what must not be exceeded is three-valued as what must be reached is, and attempts of
// which nobody knows decide neither.
func TestAvailabilityHasTwoBounds(t *testing.T) {
	for name, c := range map[string]struct {
		least, most        float64
		good, bad, unknown int
		want               verdict.Grade
		says               string
	}{
		"nobody gets in":         {0, 0, 0, 10, 0, verdict.Pass, "0 of 10 attempts of staff during dark were good: 0 % (objective at most 0 %)"},
		"somebody does":          {0, 0, 1, 9, 0, verdict.Fail, "1 of 10 attempts of staff during dark were good: 10 % (objective at most 0 %)"},
		"just so many":           {0, 0.05, 5, 95, 0, verdict.Pass, "(objective at most 5 %)"},
		"one too many":           {0, 0.05, 6, 94, 0, verdict.Fail, "(objective at most 5 %)"},
		"perhaps too many":       {0, 0.05, 5, 94, 1, verdict.Unknown, "; too little is known to tell; 94 attempts failed, saying: nothing"},
		"too many all the same":  {0, 0.05, 6, 93, 1, verdict.Fail, "6 % to 7 % (objective at most 5 %)"},
		"between both":           {0.4, 0.6, 5, 5, 0, verdict.Pass, "(objective at least 40 % and at most 60 %)"},
		"below both":             {0.4, 0.6, 3, 7, 0, verdict.Fail, "; 7 attempts failed, saying: nothing"},
		"above both":             {0.4, 0.6, 7, 3, 0, verdict.Fail, "and at most 60 %)"},
		"a share of ten exactly": {0, 0.7, 7, 3, 0, verdict.Pass, "(objective at most 70 %)"},
	} {
		m := &verdict.Measures{Windows: []verdict.Window{{Probe: "staff", Fault: "dark", Window: verdict.Fault,
			Attempts: c.good + c.bad + c.unknown, Good: c.good, Bad: c.bad, Unknown: c.unknown,
			Classes: map[string]int{"": c.bad}}}}
		f := (&Availability{pair: about, Window: verdict.Fault,
			share: share{c.least, c.most}}).Check(judged(), m)
		if f.Grade != c.want || !strings.HasSuffix(f.Summary, c.says) {
			t.Errorf("%s: %s, %s", name, f.Grade, f.Summary)
		}
	}
}

// TestAvailabilityMustAsk for something that can be.
func TestAvailabilityMustAsk(t *testing.T) {
	for want, bounds := range map[string]share{
		"kind: it asks for nothing: give at_least, at_most or both": {0, 1},
		"at_most: nothing is at least 0.9 and at most 0.1":          {0.9, 0.1},
		"": {0.9, 0.95},
	} {
		c := Availability{pair: about, share: bounds}
		said := ""
		for _, p := range c.Problems(&judged().Plan) {
			said += p.Key + ": " + p.Sentence
		}
		if said != want {
			t.Errorf("got %q, want %q", said, want)
		}
	}
}
