package harnesstest

import (
	"encoding/json"
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Judge is the half of a check that judges.
type Judge interface {
	Check(h *history.History, m *verdict.Measures) verdict.Finding
}

// Check proves what the analysis relies on of a kind of check, already configured: that it is pure, says something in
// every case, and never passes what was not measured.
func Check(t *testing.T, name, doc string, judge Judge, h *history.History, m *verdict.Measures) {
	row(t, name, doc)
	t.Run("nothing measured", func(t *testing.T) {
		f := judge.Check(&history.History{}, &verdict.Measures{})
		if f.Grade != verdict.Unknown || f.Summary == "" {
			t.Errorf("it says %q: %q of an empty history", f.Grade, f.Summary)
		}
	})
	t.Run("pure", func(t *testing.T) {
		before := marshal(t, h, m)
		first, second := marshal(t, judge.Check(h, m)), marshal(t, judge.Check(h, m))
		if first != second {
			t.Errorf("it says %s, then %s", first, second)
		}
		if marshal(t, h, m) != before {
			t.Error("it changes what it judges")
		}
	})
	t.Run("says", func(t *testing.T) {
		switch f := judge.Check(h, m); {
		case f.Summary == "":
			t.Error("it says nothing")
		case f.Grade != verdict.Pass && f.Grade != verdict.Fail && f.Grade != verdict.Unknown:
			t.Errorf("the grade is %q", f.Grade)
		case f.Grade == verdict.Pass && f.Actual == nil:
			t.Error("it passes without telling what was measured")
		}
	})
}

func marshal(t *testing.T, v ...any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
