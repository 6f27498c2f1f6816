package measure

import (
	"testing"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Of a fault from 10 s to 20 s.
func TestServed(t *testing.T) {
	at := func(s verdict.Seconds) *verdict.Seconds { return &s }
	for name, c := range map[string]struct {
		outages      []verdict.Outage
		lower, upper float64
	}{
		"none": {nil, 1, 1},
		"one":  {[]verdict.Outage{{LastGood: at(11.5), Since: 12, Lower: 2, Upper: at(3)}}, 0.7, 0.8},
		"two": {[]verdict.Outage{{LastGood: at(10.5), Since: 11, Lower: 1, Upper: at(2)},
			{LastGood: at(14), Since: 15, Lower: 1, Upper: at(3)}}, 0.5, 0.8},
		"begun before":           {[]verdict.Outage{{LastGood: at(7.5), Since: 8, Lower: 4, Upper: at(5)}}, 0.75, 0.8},
		"over before":            {[]verdict.Outage{{LastGood: at(1), Since: 2, Lower: 8, Upper: at(9.2)}}, 0.98, 1},
		"over after the healing": {[]verdict.Outage{{LastGood: at(17), Since: 18, Lower: 6, Upper: at(40)}}, 0.7, 0.8},
		"nobody saw it end":      {[]verdict.Outage{{LastGood: at(19), Since: 19.5, Lower: 30}}, 0.9, 0.95},
		"nobody saw it begin":    {[]verdict.Outage{{Since: 12, Lower: 1, Upper: at(2)}}, 0.6, 0.9},
		"all along":              {[]verdict.Outage{{Since: 10, Lower: 30}}, 0, 0},
		"one failure":            {[]verdict.Outage{{LastGood: at(11.5), Since: 12, Upper: at(1)}}, 0.9, 1},
	} {
		got := served(c.outages, 10, 20)
		if d := got.Lower - c.lower + got.Upper - c.upper; d > 1e-9 || d < -1e-9 || got.Lower > got.Upper {
			t.Errorf("%s: %v to %v, want %v to %v", name, got.Lower, got.Upper, c.lower, c.upper)
		}
	}
}

// A check that knows a further measure's type finds its entries, and another's never.
func TestEntries(t *testing.T) {
	m := &verdict.Measures{Further: []verdict.Further{{Name: "time_availability", Entries: []Availability{{Probe: "staff"}}}}}
	if got := verdict.Entries[Availability](m, "time_availability"); len(got) != 1 || got[0].Probe != "staff" {
		t.Errorf("found %v", got)
	}
	if verdict.Entries[int](m, "time_availability") != nil || verdict.Entries[Availability](m, "lag") != nil {
		t.Error("found what isn't there")
	}
}
