package harnesstest

import (
	"errors"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
)

// System is a system of handles only, for faults and actions to pull. Its Regions are us-east-1 and eu-west-1, people
// sit in "here", and every handle is that of eu-west-1.
type System struct {
	Network  Network
	Replica  Replica
	Key      Key
	Provider Provider
	Instance Instance
	Streams  Streams
	Flaws    Flaws
	Clocks   Clocks
	Sessions Sessions
	Access   Access
	Vanity   Vanity
}

// Elsewhere is the Region of the handles.
const Elsewhere = "eu-west-1"

// NewSystem is one in which every change is refused with the error; nil: none is.
func NewSystem(refuses error) *System {
	s := &System{Network: Network{Refuses: refuses}, Replica: Replica{Refuses: refuses}, Key: Key{Refuses: refuses},
		Provider: Provider{Refuses: refuses}, Instance: Instance{Refuses: refuses},
		Streams: Streams{Refuses: refuses}, Flaws: Flaws{Refuses: refuses},
		Clocks: Clocks{Refuses: refuses}, Sessions: Sessions{Refuses: refuses},
		Vanity: Vanity{Refuses: refuses}, Access: Access{Refuses: refuses, state: map[string]bool{}}}
	s.Provider.acs = []string{"us-east-1", Elsewhere}
	return s
}

// Handles of the system, all that there are.
func (s *System) Handles() *harness.Handles {
	return &harness.Handles{Network: &s.Network, Power: map[string]harness.Power{Elsewhere: &s.Replica},
		Attach: map[string]harness.Attach{Elsewhere: &s.Replica}, Key: map[string]harness.Key{Elsewhere: &s.Key},
		Provider: &s.Provider, Instance: &s.Instance, Streams: &s.Streams, Flaws: &s.Flaws, Clocks: &s.Clocks,
		Sessions: map[string]harness.Sessions{Elsewhere: &s.Sessions}, Access: &s.Access, Vanity: &s.Vanity,
		Hosts: func(place, service string) []string { return []string{service + "." + place + ".test"} }}
}

// Scope of what can be aimed at.
func (s *System) Scope(kind string) harness.Scope {
	return harness.Scope{
		Topology: harness.Topology{
			Primary: "us-east-1", Additional: []string{Elsewhere}, Standby: []string{"ap-southeast-2"},
			Vantages: []harness.Vantage{{Name: "here"}, {Name: "new-york"}}, Directory: harness.Directory{Users: 2},
			Vanity: harness.VanitySettings{Host: "access.acme.test"},
			IdP:    harness.IdPSettings{ACS: []string{"us-east-1", Elsewhere}}},
		Can: harness.Capabilities{Handles: harness.AllHandles(), Services: []string{"portal", "kms", "scim", "console"},
			Calls: map[string][]string{"kms": {"Decrypt"}, "scim": {"ListUsers"}}},
		Kind: kind, Target: "toy",
	}
}

// Spoil is what faults do to the key: it is disabled, about to be deleted, and under a policy that nobody can use.
func (s *System) Spoil(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	err := errors.Join(s.Key.Disable(ctx), s.Key.ScheduleDeletion(ctx), s.Key.SetPolicy(ctx, `{"Version":"2012-10-17"}`))
	if err != nil {
		t.Fatal(err)
	}
}

// Revive is somebody else who takes back all that was done.
func (s *System) Revive() {
	s.Network.LiftAll()
	s.Replica.Revive()
	s.Key.Revive()
	s.Streams.Revive()
	s.Flaws.Revive()
	s.Clocks.Revive()
	s.Vanity.Revive()
}
