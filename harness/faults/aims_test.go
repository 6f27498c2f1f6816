package faults

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// TestMistakesInAim: what would hit nothing or change nothing is told, each mistake at its key.
func TestMistakesInAim(t *testing.T) {
	const ireland, virginia = "eu-west-1", "us-east-1"
	at := func(region string) harness.Where { return harness.Where{Region: region} }
	for name, c := range map[string]struct {
		fault     harness.Fault
		where     harness.Where
		key, says string // empty: nothing is wrong
	}{
		"lag without any":    {&Replication{Mode: modeLag, Stream: streamAll}, at(ireland), "lag", "needs a lag"},
		"a pause with lag":   {&Replication{Mode: modePause, Lag: 1, Stream: streamAll}, at(ireland), "lag", "no other mode"},
		"to the primary":     {&Replication{Mode: modePause, Stream: "identities"}, at(virginia), "where.region", "the primary sends"},
		"sessions to it":     {&Replication{Mode: modePause, Stream: "sessions"}, at(virginia), "", ""},
		"from itself":        {&Replication{Mode: modePause, Stream: streamAll}, harness.Where{Region: ireland, From: ireland}, "where.from", "itself"},
		"from a vantage":     {&Replication{Mode: modePause, Stream: streamAll}, harness.Where{Region: ireland, From: "here"}, "where.from", ""},
		"not the primary's":  {&Replication{Mode: modePause, Stream: "identities"}, harness.Where{Region: virginia, From: ireland}, "where.from", "primary alone"},
		"of a service":       {&Replication{Mode: modePause, Stream: streamAll}, harness.Where{Region: ireland, Service: "kms"}, "where.service", "leave service out"},
		"a place's outage":   {&IdPOutage{outage{Mode: modeBlackhole, Hold: true}}, harness.Where{Place: "here"}, "where.place", ""},
		"the provider's":     {&IdPOutage{outage{Mode: modeBlackhole, Hold: true}}, harness.Where{}, "", ""},
		"as seen from here":  {&IdPOutage{outage{Mode: modeRefuse, Hold: true}}, harness.Where{From: "here"}, "", ""},
		"refused and lost":   {&IdPOutage{outage{Mode: modeRefuse}}, harness.Where{}, "hold", "nothing to lose"},
		"slow for a Region":  {&IdPSlow{Latency: 1, Odds: 1}, at(ireland), "where.region", "is in no Region"},
		"a service's key":    {&IdPCertificate{Mode: modeRotated}, harness.Where{Service: "portal"}, "where.service", "leave service out"},
		"its time is over":   {&IdPCertificate{Mode: modeExpired}, harness.Where{}, "", ""},
		"assertions from":    {&IdPAssertion{Mode: modeExpired}, harness.Where{From: "here"}, "where.from", "leave from out"},
		"an ACS of no":       {&IdPACSMissing{Only: formNone}, harness.Where{}, "where", "of which region"},
		"an ACS of nobody's": {&IdPACSMissing{Only: formNone}, at("ap-southeast-2"), "where.region", "has no ACS"},
		"the form it has":    {&IdPACSMissing{Only: formIPv4}, at(ireland), "only", "no other form"},
		"a clock nowhere":    {&ClockSkew{By: time.Minute}, harness.Where{}, "where", "which region or place"},
		"a clock of people":  {&ClockSkew{By: time.Minute}, harness.Where{Place: "here"}, "where.place", "no clock"},
		"a clock that is":    {&ClockSkew{By: time.Second}, at(ireland), "by", "at least"},
		"the provider's own": {&ClockSkew{By: -time.Hour}, harness.Where{Place: "idp"}, "", ""},
		"sessions of whom":   {&SessionLoss{}, harness.Where{Region: ireland, From: "here"}, "where.from", "leave from out"},
		"from people":        {&Partition{Mode: modeRefuse, Direction: directionIn}, harness.Where{Region: ireland, From: "here"}, "", ""},
		"a service's":        {&Partition{Mode: modeRefuse, Direction: directionIn}, harness.Where{Region: ireland, Service: "kms"}, "where.service", "region_outage"},
		"SCIM elsewhere":     {&SCIMStall{Mode: modeHang}, at(ireland), "where.region", "primary Region alone"},
		"SCIM of a service":  {&SCIMStall{Mode: modeHang}, harness.Where{Service: "kms"}, "where.service", "leave service out"},
		"SCIM unsaid":        {&SCIMStall{Mode: modeThrottled}, harness.Where{}, "", ""},
		"a link as it is":    {&Link{}, at(ireland), "kind", "changes nothing"},
		"a host in a Region": {&SharedHost{outage{Mode: modeRefuse, Hold: true}}, at(ireland), "where.region", "in no Region"},
		"a host elsewhere":   {&SharedHost{outage{Mode: modeRefuse, Hold: true}}, harness.Where{Place: "here"}, "where.place", ""},
		"a host's service":   {&SharedHost{outage{Mode: modeReset, Hold: true}}, harness.Where{Service: "kms"}, "where.service", "no kms at global"},
		"a firewall":         {&SharedHost{outage{Mode: modeNoNames, Hold: true}}, harness.Where{From: "here"}, "", ""},
		"a domain's Region":  {&Vanity{Mode: modeStale}, at(ireland), "where.region", "in no Region"},
		"a domain from":      {&Vanity{Mode: modeStale}, harness.Where{From: "here"}, "where.from", "leave from out"},
		"a domain's service": {&Vanity{Mode: modeStale}, harness.Where{Service: "portal"}, "where.service", "vanity domain"},
		"the domain":         {&Vanity{Mode: modeTwoHops}, harness.Where{Service: "vanity"}, "", ""},
		"KMS for whom":       {&KMSKey{Mode: modeUnreachable}, harness.Where{Region: ireland, From: "here"}, "where.from", "leave from out"},
	} {
		_, problems := c.fault.Aim(c.where, (&harnesstest.System{}).Scope(name))
		found := slices.ContainsFunc(problems, func(p harness.Problem) bool {
			return p.Key == c.key && strings.Contains(p.Sentence, c.says) && (p.Sentence != "" || p.What != "")
		})
		if c.key == "" && len(problems) > 0 || c.key != "" && !found {
			t.Errorf("%s: it says %+v; want %q at %q", name, problems, c.says, c.key)
		}
	}
}

// TestAPartitionIsBetweenTwoSides: it takes the links that its direction names, and none of people's.
func TestAPartitionIsBetweenTwoSides(t *testing.T) {
	scope := (&harnesstest.System{}).Scope("partition")
	scope.Standby = nil
	in, out := harness.Edge{From: "us-east-1", To: "eu-west-1"}, harness.Edge{From: "eu-west-1", To: "us-east-1"}
	for direction, want := range map[string][]harness.Edge{
		directionBoth: {in, out}, directionIn: {in}, directionOut: {out},
	} {
		a, problems := (&Partition{Mode: modeBlackhole, Direction: direction}).Aim(harness.Where{Region: "eu-west-1"}, scope)
		if !slices.Equal(a.Edges, want) || len(a.Unreachable) > 0 || len(problems) > 0 {
			t.Errorf("%s: %+v, %+v", direction, a, problems)
		}
	}
}

// TestSharedHandlesLieOnEachOther: of two faults that change the same thing the first takes its own change back alone.
func TestSharedHandlesLieOnEachOther(t *testing.T) {
	for name, f := range map[string]harness.Fault{
		"replication": &Replication{Mode: modePause, Stream: streamAll}, "certificate": &IdPCertificate{Mode: modeRotated},
		"assertion": &IdPAssertion{Mode: modeReplay}, "ACS": &IdPACSMissing{Only: formNone},
		"clock": &ClockSkew{By: time.Hour}, "vanity": &Vanity{Mode: modeGreenWhileRed},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, back := harnesstest.NewSystem(nil), &rollback.Stack{}
			var both []harness.Injection
			for _, of := range []string{"first", "second"} {
				a, _ := f.Aim(harness.Where{Region: harnesstest.Elsewhere}, s.Scope(name)) // some are in no Region
				a.Name = of
				injected, err := f.Inject(t.Context(), s.Handles(), a, back)
				if err != nil {
					t.Fatal(err)
				}
				both = append(both, injected)
			}
			if err := both[0].Undo(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := both[0].Prove(t.Context(), false); err != nil {
				t.Errorf("%s: the first is undone, and not proven so: %v", name, err)
			}
			seen, err := both[1].Verify(t.Context())
			if err != nil || len(seen) == 0 || seen[0].Gone != "" {
				t.Errorf("%s: once the first is undone the second says %+v, %v", name, seen, err)
			}
			if err := back.Unwind(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestACertificateThatMayExpire: the fault is refused where the service is said not to mind.
func TestACertificateThatMayExpire(t *testing.T) {
	scope := (&harnesstest.System{}).Scope("idp_certificate")
	scope.Behaviour.ExpiredCertificate = "accept"
	for mode, want := range map[string]string{modeExpired: "mode", modeRotated: ""} {
		key := ""
		if _, problems := (&IdPCertificate{Mode: mode}).Aim(harness.Where{}, scope); len(problems) > 0 {
			key = problems[0].Key
		}
		if key != want {
			t.Errorf("%s: a mistake at %q, want %q", mode, key, want)
		}
	}
}
