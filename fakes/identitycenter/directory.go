package identitycenter

import (
	"cmp"
	"fmt"
	"slices"
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

// User is a provisioned person. A sign-in's NameID must equal Name exactly.
type User struct {
	ID          string `json:"id"`
	Name        string `json:"name"` // the user name
	DisplayName string `json:"displayName"`
	Disabled    bool   `json:"disabled,omitempty"`
}

// Group has users as members, by their IDs.
type Group struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

// PermissionSet is a role that people can take in an account.
type PermissionSet struct {
	ID   string `json:"id"`
	Name string `json:"name"`

	// SessionDuration is how long credentials of the role last: 1 to 12 hours, one hour where it is 0.
	SessionDuration time.Duration `json:"sessionDuration,omitempty"`
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
}

type personsAccount struct {
	Account
	Roles []string                 `json:"roles"`           // names of permission sets, sorted
	Lives map[string]time.Duration `json:"lives,omitempty"` // of the roles' credentials, where it isn't the default
}

// check refuses a directory that names what it does not hold, or one thing twice.
func (d *Directory) check() error {
	principals, names := map[string]bool{}, map[string]bool{}
	sets, accounts := map[string]bool{}, map[string]bool{}
	for _, u := range d.Users {
		if u.ID == "" || u.Name == "" || principals[u.ID] || names[u.Name] {
			return fmt.Errorf("user %q with ID %q: empty or not unique", u.Name, u.ID)
		}
		principals[u.ID], names[u.Name] = true, true
	}
	for _, g := range d.Groups {
		if g.ID == "" || principals[g.ID] {
			return fmt.Errorf("group %q with ID %q: empty or not unique", g.Name, g.ID)
		}
		for _, m := range g.Members {
			if !slices.ContainsFunc(d.Users, func(u User) bool { return u.ID == m }) {
				return fmt.Errorf("group %q: member %q is not a user", g.Name, m)
			}
		}
	}
	for _, g := range d.Groups {
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
	for _, p := range d.people() {
		if a := p.account(account); p.User.Name == userName && a != nil {
			return a.Roles
		}
	}
	return nil
}

// people resolves memberships and assignments for every user.
func (d *Directory) people() []person {
	groups := map[string][]string{} // by member
	for _, g := range d.Groups {
		for _, m := range g.Members {
			groups[m] = append(groups[m], g.ID)
		}
	}
	sets := map[string]PermissionSet{}
	for _, p := range d.PermissionSets {
		sets[p.ID] = p
	}
	accounts := map[string]Account{}
	for _, a := range d.Accounts {
		accounts[a.ID] = a
	}
	byPrincipal := map[string][]Assignment{}
	for _, a := range d.Assignments {
		byPrincipal[a.Principal] = append(byPrincipal[a.Principal], a)
	}
	out := make([]person, 0, len(d.Users))
	for _, u := range d.Users {
		roles := map[string][]PermissionSet{} // by account
		for _, principal := range append([]string{u.ID}, groups[u.ID]...) {
			for _, a := range byPrincipal[principal] {
				roles[a.Account] = append(roles[a.Account], sets[a.PermissionSet])
			}
		}
		out = append(out, person{User: u, Accounts: accountsOf(roles, accounts)})
	}
	return out
}

func accountsOf(roles map[string][]PermissionSet, accounts map[string]Account) []personsAccount {
	out := make([]personsAccount, 0, len(roles))
	for id, sets := range roles {
		a := personsAccount{Account: accounts[id]}
		for _, p := range sets {
			a.Roles = append(a.Roles, p.Name)
			if p.SessionDuration != 0 && p.SessionDuration != credentialsLife {
				if a.Lives == nil {
					a.Lives = map[string]time.Duration{}
				}
				a.Lives[p.Name] = p.SessionDuration
			}
		}
		slices.Sort(a.Roles)
		a.Roles = slices.Compact(a.Roles)
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b personsAccount) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out
}
