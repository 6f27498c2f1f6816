package identitycenter

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// person finds a user by exact name, with all that they may use; nil where there is none. KMS is asked.
func (r *Replica) person(ctx context.Context, name string) (*person, error) {
	keys, err := r.vault.keys(ctx)
	if err != nil {
		return nil, err
	}
	var found *person
	err = r.store.View(keys, func(tx *records.Tx) error {
		id, err := tx.Find(kindUser, indexName, strings.ToLower(name))
		if err != nil || id == "" {
			return err
		}
		if found, err = personOf(tx, id); found != nil && found.User.Name != name {
			found = nil
		}
		return err
	})
	return found, err
}

// personByID finds the same by the ID, which stays whatever the user is called; nil where there is none.
func (r *Replica) personByID(ctx context.Context, id string) (*person, error) {
	keys, err := r.vault.keys(ctx)
	if err != nil {
		return nil, err
	}
	var found *person
	err = r.store.View(keys, func(tx *records.Tx) (err error) {
		if tx.Has(kindUser, id) {
			found, err = personOf(tx, id)
		}
		return err
	})
	return found, err
}

func personOf(tx *records.Tx, id string) (*person, error) {
	user, err := get[User](tx, kindUser, id)
	if err != nil {
		return nil, err
	}
	principals, err := principalsOf(tx, id)
	if err != nil {
		return nil, err
	}
	byAccount := map[string]*personsAccount{}
	for _, principal := range principals {
		err := eachOf(tx, kindAssignment, indexPrincipal, principal, func(a *Assignment) error {
			return addRole(tx, byAccount, a)
		})
		if err != nil {
			return nil, err
		}
	}
	p := &person{User: *user}
	if p.Applications, err = applicationsFor(tx, principals); err != nil {
		return nil, err
	}
	for _, a := range byAccount {
		slices.SortFunc(a.Roles, func(x, y personsRole) int { return cmp.Compare(x.Name, y.Name) })
		a.Roles = slices.CompactFunc(a.Roles, func(x, y personsRole) bool { return x.Name == y.Name })
		p.Accounts = append(p.Accounts, *a)
	}
	slices.SortFunc(p.Accounts, func(a, b personsAccount) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return p, nil
}

// principalsOf a user or a group are those by whom they are assigned anything: a user's groups, and themselves.
func principalsOf(tx *records.Tx, id string) (principals []string, err error) {
	err = eachOf(tx, kindMembership, indexMember, id, func(m *Membership) error {
		principals = append(principals, m.Group)
		return nil
	})
	return append(principals, id), err
}

// addRole adds what an assignment gives. What it names may not have been replicated yet, for it comes by another stream
// or in another order: it gives nothing then.
func addRole(tx *records.Tx, byAccount map[string]*personsAccount, a *Assignment) error {
	var set PermissionSet
	var account Account
	found, err := tx.Get(kindPermissionSet, a.PermissionSet, &set)
	if err != nil || !found {
		return err
	}
	if found, err = tx.Get(kindAccount, a.Account, &account); err != nil || !found {
		return err
	}
	if byAccount[a.Account] == nil {
		byAccount[a.Account] = &personsAccount{Account: account}
	}
	of := byAccount[a.Account]
	of.Roles = append(of.Roles, personsRole{Name: set.Name, Duration: set.sessionDuration()})
	return nil
}

// eachOf visits all records of a kind that have a value in an index.
func eachOf[T any](tx *records.Tx, kind, index, value string, visit func(*T) error) error {
	return tx.EachOf(kind, index, value, "", func(_ string, raw json.RawMessage) (bool, error) {
		v := new(T)
		if err := json.Unmarshal(raw, v); err != nil {
			return false, err
		}
		return true, visit(v)
	})
}

// each visits all records of a kind.
func each[T any](tx *records.Tx, kind string, visit func(id string, v *T) error) error {
	return tx.Each(kind, "", func(id string, raw json.RawMessage) (bool, error) {
		v := new(T)
		if err := json.Unmarshal(raw, v); err != nil {
			return false, err
		}
		return true, visit(id, v)
	})
}
