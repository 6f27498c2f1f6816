package simulation

import (
	"testing"

	"github.com/regiondrill/regiondrill/harness/scenario"
)

// TestWhatMakesTheDifferenceStays: a file without it may miss the check too, in a way that looks alike, and has another
// mistake. Where people who give up too late fail at the other Region, those who go nowhere fail as well.
func TestWhatMakesTheDifferenceStays(t *testing.T) {
	s := &shrinking{Found: &Found{Needed: []scenario.Set{{Path: "probes.staff.steer.after", Value: "1.1s"},
		{Path: "system.idp.acs", Value: "[us-east-1]"}}}}
	for file, want := range map[string]bool{
		"probes: [{name: staff, steer: {by: bookmark, after: 1.1s}}]\nsystem: {idp: {acs: [us-east-1]}}\n": true,
		"probes: [{name: staff}]\nsystem: {idp: {acs: [us-east-1]}}\n":                                     false,
		"probes: [{name: staff, steer: {by: bookmark, after: 1.1s}}]\nsystem: {idp: {}}\n":                 false,
	} {
		if got := s.keepsNeeded([]byte(file)); got != want {
			t.Errorf("%v of\n%s", got, file)
		}
	}
}
