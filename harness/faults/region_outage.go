package faults

import (
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/aim"
	"github.com/regiondrill/regiondrill/harness/history"
)

// regionOutageCases are its contract: nobody gets anything of the Region, by whatever people meet.
var regionOutageCases = []harness.Case{
	{Settings: `{"mode": "blackhole"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}},
	{Settings: `{"mode": "blackhole", "hold": false}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassTimeout)}},
	{Settings: `{"mode": "refuse"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassRefused)}},
	{Settings: `{"mode": "reset"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassReset)}},
	{Settings: `{"mode": "http_503"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassHTTP5xx)}},
	{Settings: `{"mode": "dns"}`, Breaks: []harness.Break{harness.Fail(harness.Here, history.ClassDNS)}},
}

// RegionOutage cuts every link to and from a Region, both directions. With a service it cuts only what goes to that
// service's names.
type RegionOutage struct {
	outage `yaml:",inline"`
}

// Aim takes the links of a place. The outage of a whole Region leaves nobody a way in, in whichever mode.
func (f *RegionOutage) Aim(w harness.Where, s harness.Scope) (harness.Aim, []harness.Problem) {
	links := aim.Links
	if f.Mode == modeHTTP503 || f.Mode == modeNoNames {
		links = aim.Names
	}
	a, problems := f.of(links(w, s))
	if aim.Isolates(w) {
		a.Unreachable = []string{w.Region}
	}
	return a, problems
}
