package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// People who were back as far as anybody looked were not seen to stay; they are not told as if they had stayed away.
func TestBackHomeThatCouldNotBeSeenToLast(t *testing.T) {
	for want, evidence := range map[string][]int64{
		"can't be told: that they stay needs a longer look than the": {3},
		"was not seen to carry people again for good":                nil,
	} {
		s := sample(t, "flagship")
		r := &s.Verdict.Recoveries[0]
		watched := verdict.Seconds(0)
		r.Failback, r.FailbackWatched, r.FailbackEvidence = &verdict.Interval{Lower: 0.014}, &watched, evidence
		var text strings.Builder
		if err := Text(&text, s, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(strings.Fields(text.String()), " "); !strings.Contains(said, want) {
			t.Errorf("it doesn't say %q:\n%s", want, text.String())
		}
	}
}

// Beside an objective that was missed stands the recovery of those who missed it, and no other that was met.
func TestTheNumberIsOfWhoMissed(t *testing.T) {
	v := &verdict.Verdict{Grade: verdict.Fail}
	v.Recoveries = []verdict.Recovery{{Probe: "staff", Fault: "dark"}, {Probe: "control", Fault: "dark"}}
	v.Findings = []verdict.Finding{
		{Grade: verdict.Pass, Subject: verdict.Subject{Probe: "staff", Fault: "dark", Measure: verdict.RecoveryTime}},
		{Grade: verdict.Fail, Subject: verdict.Subject{Probe: "control", Fault: "dark", Measure: verdict.ShareOfGood}},
	}
	if r := open(&Report{Verdict: v}).headlineRecovery(); r == nil || r.Probe != "control" {
		t.Errorf("it is of %+v", r)
	}
	v.Findings[0].Grade = verdict.Fail
	if r := open(&Report{Verdict: v}).headlineRecovery(); r == nil || r.Probe != "staff" {
		t.Errorf("a recovery that was missed goes before: %+v", r)
	}
}

// People whom nothing but slowness befell were not away, and aren't told to be back.
func TestWhoWasOnlySlower(t *testing.T) {
	for failed, want := range map[int][2]string{
		0: {"nobody had failed: their own Region N. Virginia (us-east-1) was slower with some for that long", "slower for "},
		1: {"while the fault lasted, in their own Region N. Virginia (us-east-1)", "back after "},
	} {
		s := sample(t, "flagship")
		r := &s.Verdict.Recoveries[0]
		r.EndedBy, r.RecoveredIn, r.Loss.Failed, r.Loss.Unseen = verdict.Home, "us-east-1", failed, 0
		var text strings.Builder
		if err := Text(&text, s, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(strings.Fields(text.String()), " "); !strings.Contains(said, want[0]) {
			t.Errorf("it doesn't say %q:\n%s", want[0], text.String())
		}
		if page := export(t, "report.html", s); !bytes.Contains(page, []byte(want[1])) {
			t.Errorf("the chart doesn't say %q", want[1])
		}
	}
}
