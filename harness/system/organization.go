package system

import (
	"cmp"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// organization is who works there and what they may use. It is drawn from the seed, but for the passwords.
type organization struct {
	people    []harness.Person
	named     []harness.Person
	directory identitycenter.Directory
}

func draw(t harness.Topology) *mathrand.Rand { return mathrand.New(mathrand.NewPCG(t.Seed, 0x1ab)) }

// instance draws the ids of the Identity Center instance.
func instance(t harness.Topology) names.Instance {
	r := draw(t)
	i := names.Instance{
		Primary:     t.Primary,
		ID:          fmt.Sprintf("ssoins-%016x", r.Uint64()),
		DirectoryID: fmt.Sprintf("d-%010x", r.Uint64N(1<<40)),
		Account:     fmt.Sprintf("%012d", 100_000_000_000+r.Uint64N(900_000_000_000)),
		UUID:        uuid(r),
	}
	i.Account, i.Alias = cmp.Or(t.Account, i.Account), t.Instance.Alias
	return i
}

func uuid(r *mathrand.Rand) string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x",
		r.Uint32(), r.Uint32N(1<<16), r.Uint32N(1<<12), r.Uint32N(1<<12), r.Uint64N(1<<48))
}

// newOrganization makes users, groups, accounts and permission sets. User i is in group i mod groups; group g may use
// accounts g and g + 1, so that everybody has one at least, and the first of them is the one they must see.
func newOrganization(t harness.Topology) organization {
	r := mathrand.New(mathrand.NewPCG(t.Seed, 0x0f61))
	d, o := t.Directory, organization{}
	dir := &o.directory
	for i := range d.Accounts {
		name := accountNames[i%len(accountNames)]
		if i >= len(accountNames) {
			name = fmt.Sprintf("%s %d", name, i/len(accountNames)+1)
		}
		dir.Accounts = append(dir.Accounts, identitycenter.Account{
			ID:   fmt.Sprintf("%012d", 200_000_000_000+r.Uint64N(700_000_000_000)),
			Name: name, Email: fmt.Sprintf("aws-%03d@acme.test", i+1),
		})
	}
	for i := range d.PermissionSets {
		dir.PermissionSets = append(dir.PermissionSets, identitycenter.PermissionSet{
			ID: fmt.Sprintf("ps-%016x", r.Uint64()), Name: permissionSetName(i),
		})
	}
	for g := range d.Groups {
		group := identitycenter.Group{ID: uuid(r), Name: names.Group(g + 1)}
		dir.Groups = append(dir.Groups, group)
		for k := range min(2, d.Accounts) {
			dir.Assignments = append(dir.Assignments, identitycenter.Assignment{Principal: group.ID,
				Account: dir.Accounts[(g+k)%d.Accounts].ID, PermissionSet: dir.PermissionSets[(g+k)%d.PermissionSets].ID})
		}
	}
	for i := range d.Users {
		o.people = append(o.people, o.join(t, r, names.User(i+1), i%d.Groups))
	}
	for _, p := range d.People {
		var groups []int
		for _, name := range p.Groups {
			groups = append(groups, slices.IndexFunc(dir.Groups, func(g identitycenter.Group) bool { return g.Name == name }))
		}
		o.named = append(o.named, o.join(t, r, p.Name, groups...))
	}
	return o
}

// join makes a user of groups, by their indexes. The first of them decides which account they must see.
func (o *organization) join(t harness.Topology, r *mathrand.Rand, name string, groups ...int) harness.Person {
	dir := &o.directory
	user := identitycenter.User{ID: uuid(r), Name: name + names.UserDomain, DisplayName: displayName(r)}
	dir.Users = append(dir.Users, user)
	person := harness.Person{Name: name, UserName: user.Name, Password: rand.Text(),
		Account: dir.Accounts[groups[0]%len(dir.Accounts)].ID,
		Role:    dir.PermissionSets[groups[0]%len(dir.PermissionSets)].Name}
	for _, g := range groups {
		dir.Groups[g].Members = append(dir.Groups[g].Members, user.ID)
	}
	if t.IdP.External != nil {
		person.Password = t.IdP.External.Passwords[user.Name]
	}
	if t.IdP.MFA == "totp" {
		person.Secret = rand.Text()
	}
	return person
}

var accountNames = []string{
	"Payments production", "Payments staging", "Data platform", "Shared network", "Security tooling", "Web shop",
}

func permissionSetName(i int) string {
	known := []string{"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "Billing"}
	if i < len(known) {
		return known[i]
	}
	return fmt.Sprintf("Custom%02d", i+1)
}

func displayName(r *mathrand.Rand) string {
	given := []string{
		"Ada", "Bela", "Chidi", "Dana", "Emeka", "Freya", "Goran", "Hana",
		"Iris", "Jonas", "Kim", "Lena", "Mira", "Noor", "Ole", "Priya",
	}
	family := []string{
		"Abe", "Berg", "Costa", "Dvorak", "Eze", "Fischer", "Gupta", "Haddad",
		"Ito", "Jansen", "Kovac", "Lund", "Moreau", "Novak", "Okafor", "Rossi",
	}
	return given[r.IntN(len(given))] + " " + family[r.IntN(len(family))]
}
