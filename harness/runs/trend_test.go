package runs

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

func trends(t *testing.T, dir string) *Trends {
	t.Helper()
	return TrendsOf(read(t, dir), Filter{}, DefaultTrend)
}

// the measure of the whole recovery.
func whole(t *testing.T, all *Trends) *Trend {
	t.Helper()
	i := slices.IndexFunc(all.Measures, func(m Trend) bool { return m.Phase == "" })
	if i < 0 {
		t.Fatal("no recovery")
	}
	return &all.Measures[i]
}

func TestTrend(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		seconds []float64
		at      []int
		worse   bool
	}{
		"slower":         {slices.Concat(drawn(draw, 20, 3), drawn(draw, 10, 4)), []int{20}, true},
		"faster":         {slices.Concat(drawn(draw, 20, 4), drawn(draw, 10, 3)), []int{20}, false},
		"slower and not": {slices.Concat(drawn(draw, 20, 3), drawn(draw, 20, 4), drawn(draw, 20, 3)), []int{20, 40}, false},
		"same":           {drawn(draw, 60, 3), nil, false},
		"by a little":    {slices.Concat(drawn(draw, 40, 3), drawn(draw, 40, 3.2)), nil, false},
		"never":          {slices.Concat(drawn(draw, 20, 3), make([]float64, 5)), []int{20}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			names := nights(t, dir, "toy", c.seconds...)
			all := trends(t, dir)
			m := whole(t, all)
			var at []int
			for _, change := range m.Changes {
				at = append(at, change.At)
				want(t, "run", change.Folder, names[change.At])
			}
			want(t, "changes", at, c.at)
			want(t, "worse", all.Worse, c.worse)
		})
	}
}

// Medians are those between changes, and who never recovered ranks behind all.
func TestTrendMedians(t *testing.T) {
	dir := t.TempDir()
	nights(t, dir, "toy", slices.Concat(slices.Repeat([]float64{2.9, 3, 3.1}, 5), []float64{0, 0, 0, 4})...)
	m := whole(t, trends(t, dir))
	want(t, "changes", len(m.Changes), 1)
	want(t, "before", *m.Changes[0].Before, verdict.Seconds(3))
	want(t, "after", m.Changes[0].After, (*verdict.Seconds)(nil))
	want(t, "never", []any{m.Never, m.N, m.Median, m.Since}, []any{3, 19, (*verdict.Seconds)(nil), 4})
}

// A phase that grows is told beside the recovery.
func TestTrendOfPhases(t *testing.T) {
	dir := t.TempDir()
	draw := rand.New(rand.NewPCG(1, 2))
	nights(t, dir, "toy", slices.Concat(drawn(draw, 20, 3), drawn(draw, 10, 4))...)
	changed := map[string]int{}
	for _, m := range trends(t, dir).Measures {
		changed[m.Phase] = len(m.Changes)
	}
	want(t, "changes", changed, map[string]int{"": 1, "detect": 0, "decide": 1})
}

// Runs of another place or drill are another series; simulations, copies and what doesn't count are in none.
func TestTrendLeavesOut(t *testing.T) {
	dir := shelf(t)
	v := concluded("toy", firstNight.AddDate(0, 6, 0), 3)
	v.Validity = verdict.Validity{Grade: verdict.Unknown, Notes: []string{"the warm-up was not steady"}}
	write(t, filepath.Join(dir, "unsteady"), v, "")
	write(t, filepath.Join(dir, "copy"), concluded("toy", firstNight, 3), "nightly")
	all := trends(t, dir)
	want(t, "left out", []int{all.Simulated, all.Uncounted}, []int{1, 1})
	n := map[string]int{}
	for _, m := range all.Measures {
		if m.Phase == "" {
			n[m.Scenario+" "+m.Environment] = m.N
			want(t, "too few", m.TooFew, true)
		}
	}
	want(t, "runs", n, map[string]int{"toy nightly": 1, "toy ": 1, "toy ci": 3, "other ": 1})
}
