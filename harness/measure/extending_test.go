package measure

import (
	"testing"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// LongestOutage is the longest run of failures of a probe's people during a fault.
type LongestOutage struct {
	Probe string           `json:"probe"`
	Fault string           `json:"fault"`
	Took  verdict.Interval `json:"took"`
}

// longestOutage is of the pairs that had any.
func longestOutage(f *Found) any {
	all := []LongestOutage{}
	for _, r := range f.Measures.Recoveries {
		var longest *verdict.Outage
		for i := range r.Outages {
			if o := &r.Outages[i]; longest == nil || o.Lower > longest.Lower {
				longest = o
			}
		}
		if longest != nil {
			all = append(all, LongestOutage{r.Probe, r.Fault, verdict.Interval{Lower: longest.Lower, Upper: longest.Upper}})
		}
	}
	return all
}

// The measure of docs/extending.md is one.
func TestTheMeasureOfThePage(t *testing.T) {
	for _, kind := range []Kind{
		{"longest_outage", "the longest run of failures of a probe's people during a fault", longestOutage},
	} {
		nothing := kind.Of(&Found{History: &history.History{}, Measures: &verdict.Measures{}}).([]LongestOutage)
		if nothing == nil || len(nothing) > 0 {
			t.Errorf("of nothing it is %v", nothing)
		}
		m := &verdict.Measures{Recoveries: []verdict.Recovery{
			{Probe: "staff", Fault: "dark", Outages: []verdict.Outage{{Lower: 1}, {Lower: 3}, {Lower: 2}}}, {Probe: "others"}}}
		if all := kind.Of(&Found{History: &history.History{}, Measures: m}).([]LongestOutage); len(all) != 1 || all[0].Took.Lower != 3 {
			t.Errorf("it is %+v", all)
		}
	}
}
