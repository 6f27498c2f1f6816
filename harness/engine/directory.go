package engine

import (
	"regexp"
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// numbered is how the users are called of whom a directory has a number.
var numbered = regexp.MustCompile(`^user-[0-9]+$`)

// directory resolves who is in the directory.
func (c *compiler) directory() {
	d := c.s.System.Directory
	t := &c.plan.Topology.Directory
	t.Users, t.Groups, t.Accounts, t.PermissionSets = d.Users, d.Groups, d.Accounts, d.PermissionSets
	var groups []string
	for i := range d.Groups {
		groups = append(groups, names.Group(i+1))
	}
	for _, p := range d.People {
		if numbered.MatchString(p.Name) {
			c.fail(p.Block.Errorf("", "%s is one of the users of whom there is a number; give the person a name of their own",
				p.Name))
		}
		for _, g := range p.Groups {
			if !slices.Contains(groups, g) {
				c.fail(p.Block.NoSuch("groups", "group", g, groups))
			}
		}
		in := p.Groups
		if len(in) == 0 {
			in = groups[:min(1, len(groups))]
		}
		t.People = append(t.People, harness.NamedPerson{Name: p.Name, Groups: in})
	}
}

// as checks that a probe's person is one of the directory.
func (c *compiler) as(p scenario.Probe) {
	var people []string
	for _, named := range c.s.System.Directory.People {
		people = append(people, named.Name)
	}
	if p.As != "" && !slices.Contains(people, p.As) && !c.s.Unread["system"] {
		c.fail(p.Block.NoSuch("as", "person in system.directory.people", p.As, people))
	}
}
