package report

import (
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
