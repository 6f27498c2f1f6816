package aim

import (
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// What hits nothing is a mistake: a service that isn't served at the place, or names of a place that has none.
func TestWhatIsServedWhere(t *testing.T) {
	s := harness.Scope{Kind: "it", Target: "lab", Can: harness.Capabilities{Services: []string{"portal", "kms", names.IdPPlace, names.ConsoleService, names.VanityService, names.SCIMService}},
		Topology: harness.Topology{Primary: "us-east-1", Additional: []string{"eu-west-1"},
			Vantages: []harness.Vantage{{Name: "new-york"}}}}
	for name, c := range map[string]struct {
		w     harness.Where
		links bool // whether there are links to act on
		names bool // whether there are names
	}{
		"a Region":               {harness.Where{Region: "us-east-1"}, true, true},
		"a Region as a place":    {harness.Where{Place: "us-east-1"}, true, true},
		"a Region's service":     {harness.Where{Region: "us-east-1", Service: "kms"}, true, true},
		"the IdP":                {harness.Where{Place: names.IdPPlace}, true, true},
		"the IdP's service":      {harness.Where{Place: names.IdPPlace, Service: names.IdPPlace}, true, true},
		"a Region's at the IdP":  {harness.Where{Place: names.IdPPlace, Service: "portal"}, false, false},
		"the IdP's in a Region":  {harness.Where{Region: "us-east-1", Service: names.IdPPlace}, false, false},
		"where people are":       {harness.Where{Place: "new-york"}, true, false},
		"a service where people": {harness.Where{Place: "new-york", Service: "portal"}, false, false},
		"in no Region":           {harness.Where{Place: names.GlobalPlace}, true, true},
		"a service of no Region": {harness.Where{Place: names.GlobalPlace, Service: names.ConsoleService}, true, true},
		"the IdP's at that":      {harness.Where{Place: names.GlobalPlace, Service: names.IdPPlace}, false, false},
		"the console's in one":   {harness.Where{Region: "us-east-1", Service: names.ConsoleService}, false, false},
		"no vanity domain":       {harness.Where{Region: "us-east-1", Service: names.VanityService}, false, false},
		"SCIM in the primary":    {harness.Where{Region: "us-east-1", Service: names.SCIMService}, true, true},
		"SCIM in another Region": {harness.Where{Region: "eu-west-1", Service: names.SCIMService}, false, false},
		"no such service":        {harness.Where{Region: "us-east-1", Service: "s3"}, false, false},
	} {
		for what, asked := range map[string]struct {
			aim func(harness.Where, harness.Scope) (harness.Aim, []harness.Problem)
			ok  bool
		}{"links": {Links, c.links}, "names": {Names, c.names}} {
			_, problems := asked.aim(c.w, s)
			if len(problems) > 1 || asked.ok != (len(problems) == 0) ||
				!asked.ok && !strings.HasPrefix(problems[0].Sentence, "it hits nothing: ") {
				t.Errorf("%s of %s: %+v", what, name, problems)
			}
		}
	}
}

// Calls go to where their API stands.
func TestCallsOfAnAPIThatStandsElsewhere(t *testing.T) {
	s := harness.Scope{Kind: "it", Target: "lab",
		Can:      harness.Capabilities{Calls: map[string][]string{names.SCIMService: {"CreateUser"}, "kms": {"Decrypt"}}},
		Topology: harness.Topology{Primary: "us-east-1", Additional: []string{"eu-west-1"}}}
	for _, c := range []struct {
		w    harness.Where
		hits bool
	}{
		{harness.Where{Region: "us-east-1", Service: names.SCIMService}, true},
		{harness.Where{Region: "eu-west-1", Service: names.SCIMService}, false},
		{harness.Where{Place: "eu-west-1", Service: names.SCIMService, Operation: "CreateUser"}, false},
		{harness.Where{Region: "eu-west-1", Service: "kms"}, true},
	} {
		_, problems := Calls(c.w, s)
		if len(problems) > 1 || c.hits != (len(problems) == 0) {
			t.Errorf("%+v: %+v", c.w, problems)
		}
	}
}

// The vanity domain is at the Regions of the instance, where there is one.
func TestWhereTheVanityDomainIs(t *testing.T) {
	s := harness.Scope{Kind: "it", Can: harness.Capabilities{Services: []string{names.VanityService}},
		Topology: harness.Topology{Primary: "us-east-1", Standby: []string{"eu-west-1"},
			Vanity: harness.VanitySettings{Host: "access.acme.test"}}}
	for region, there := range map[string]bool{"us-east-1": true, "eu-west-1": false} {
		if _, problems := Links(harness.Where{Region: region, Service: names.VanityService}, s); (len(problems) == 0) != there {
			t.Errorf("in %s: %+v", region, problems)
		}
	}
	if _, problems := Vanity(harness.Where{}, s); len(problems) > 0 {
		t.Errorf("it is said to be nowhere: %+v", problems)
	}
	s.Vanity.Host = ""
	if _, problems := Vanity(harness.Where{}, s); len(problems) != 1 || problems[0].Key != "where" {
		t.Errorf("without one it says %+v", problems)
	}
}
