package identitycenter

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Directory is what the primary Region holds and replicates: people, and what they may use.
type Directory struct {
	Users          []User          `json:"users"`
	Groups         []Group         `json:"groups"`
	PermissionSets []PermissionSet `json:"permissionSets"`
	Accounts       []Account       `json:"accounts"`
	Assignments    []Assignment    `json:"assignments"`
}

// User is a provisioned person. A sign-in's NameID must equal Name exactly, although no two users may have names that
// differ in case alone.
type User struct {
	ID          string `json:"id"`
	Name        string `json:"name"` // the user name
	DisplayName string `json:"displayName"`
	Disabled    bool   `json:"disabled,omitempty"`
	Profile
}

// Group has users as members, by their IDs.
type Group struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Members     []string     `json:"members,omitempty"`
	Description string       `json:"description,omitempty"`
	ExternalIDs []ExternalID `json:"externalIds,omitempty"`
	Stamp
}

// PermissionSet is a role that people can take in an account.
type PermissionSet struct {
	ID              string        `json:"id"`
	Name            string        `json:"name"`
	Description     string        `json:"description,omitempty"`
	RelayState      string        `json:"relayState,omitempty"`      // where the console begins
	SessionDuration time.Duration `json:"sessionDuration,omitempty"` // of role credentials, 1 to 12 h; an hour where 0
	ManagedPolicies []string      `json:"managedPolicies,omitempty"` // ARNs
	InlinePolicy    string        `json:"inlinePolicy,omitempty"`
	Created         time.Time     `json:"created,omitzero"`
}

// Account is an AWS account of the organization.
type Account struct {
	ID    string `json:"id"` // 12 digits
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Assignment gives a user or a group a permission set in an account, all by their IDs.
type Assignment struct {
	Principal     string `json:"principal"`
	PermissionSet string `json:"permissionSet"`
	Account       string `json:"account"`
}

// person is one user with all that the portal shows them: the unit that is encrypted at rest.
type person struct {
	User     User             `json:"user"`
	Accounts []personsAccount `json:"accounts"` // sorted by name, then ID

	Applications []Application `json:"applications,omitempty"`
}

type personsAccount struct {
	Account
	Roles []personsRole `json:"roles"` // sorted by name
}

// personsRole is a permission set that somebody has in an account.
type personsRole struct {
	Name     string        `json:"name"`
	Duration time.Duration `json:"duration"` // of its credentials
}

// check refuses a directory that names what it does not hold, or one thing twice.
func (d *Directory) check() error {
	principals, names := map[string]bool{}, map[string]bool{}
	sets, accounts := map[string]bool{}, map[string]bool{}
	for _, u := range d.Users {
		name := strings.ToLower(u.Name)
		if u.ID == "" || u.Name == "" || principals[u.ID] || names[name] {
			return fmt.Errorf("user %q with ID %q: empty or not unique", u.Name, u.ID)
		}
		principals[u.ID], names[name] = true, true
	}
	for _, g := range d.Groups {
		for _, m := range g.Members {
			if !principals[m] { // there are only users among them yet
				return fmt.Errorf("group %q: member %q is not a user", g.Name, m)
			}
		}
	}
	for _, g := range d.Groups {
		if g.ID == "" || principals[g.ID] {
			return fmt.Errorf("group %q with ID %q: empty or not unique", g.Name, g.ID)
		}
		principals[g.ID] = true
	}
	for _, p := range d.PermissionSets {
		if life := p.SessionDuration; life != 0 && (life < time.Hour || life > 12*time.Hour) {
			return fmt.Errorf("permission set %q: a session of %v, and not of 1 to 12 hours", p.Name, life)
		}
		sets[p.ID] = true
	}
	for _, a := range d.Accounts {
		accounts[a.ID] = true
	}
	for _, a := range d.Assignments {
		if !principals[a.Principal] || !sets[a.PermissionSet] || !accounts[a.Account] {
			return fmt.Errorf("assignment of %q to %q in %q names what is not there", a.PermissionSet, a.Principal, a.Account)
		}
	}
	return nil
}

// Roles are the names of the permission sets that a user has in an account, as their portal shows them: sorted, none
// where there is no such user or account.
func (d *Directory) Roles(userName, account string) []string {
	principals := map[string]bool{}
	for _, u := range d.Users {
		principals[u.ID] = u.Name == userName
	}
	for _, g := range d.Groups {
		principals[g.ID] = slices.ContainsFunc(g.Members, func(m string) bool { return principals[m] })
	}
	var roles []string
	for _, a := range d.Assignments {
		i := slices.IndexFunc(d.PermissionSets, func(p PermissionSet) bool { return p.ID == a.PermissionSet })
		if i >= 0 && a.Account == account && principals[a.Principal] {
			roles = append(roles, d.PermissionSets[i].Name)
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}
