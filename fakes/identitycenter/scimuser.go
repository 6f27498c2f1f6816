package identitycenter

import (
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/scim"
)

// show is a user as SCIM has it.
func (c *scimCall) show(u *User) map[string]any {
	shown := c.attributes(u)
	schemas := []string{scim.CoreUser}
	if shown[scim.EnterpriseUser] != nil {
		schemas = append(schemas, scim.EnterpriseUser)
	}
	shown["id"], shown["schemas"], shown["meta"] = u.ID, schemas, c.meta("User", &u.Stamp)
	return shown
}

// attributes of a user that SCIM can change.
func (c *scimCall) attributes(u *User) map[string]any {
	all := attributesOf(u)
	if all["enterprise"] != nil {
		all[scim.EnterpriseUser] = all["enterprise"]
	}
	for _, unsupported := range []string{"enterprise", "website", "birthdate", "photos"} {
		delete(all, unsupported)
	}
	all["active"] = !u.Disabled
	if id := c.externalID(u.ExternalIDs); id != "" {
		all["externalId"] = id
	}
	return all
}

// with is the user with these attributes in the place of all that SCIM can change.
func (c *scimCall) with(u *User, all map[string]any) (*User, error) {
	to := map[string]any{}
	for name, value := range all {
		to[name] = value
	}
	if to[scim.EnterpriseUser] != nil {
		to["enterprise"] = to[scim.EnterpriseUser]
	}
	delete(to, scim.EnterpriseUser)
	for name, value := range attributesOf(u) {
		if name == "website" || name == "birthdate" || name == "photos" {
			to[name] = value
		}
	}
	next, err := u.withAttributes(to)
	if err != nil {
		return nil, errSCIM
	}
	if active, said := all["active"].(bool); said {
		next.Disabled = !active
	}
	external, _ := all["externalId"].(string)
	next.ExternalIDs = c.withExternalID(u.ExternalIDs, external)
	return next, nil
}

// whole reads a body that is a whole user.
func (c *scimCall) whole() (map[string]any, error) {
	all, err := c.object()
	if err != nil {
		return nil, err
	}
	if groups, said := all["groups"]; said {
		if list, ok := groups.([]any); groups != nil && (!ok || len(list) > 0) {
			return nil, errSCIM // who is in a group is said of the group
		}
	}
	clean, ok := scim.User.Clean(all)
	if !ok {
		return nil, errSCIM
	}
	emails, _ := clean["emails"].([]any)
	for _, e := range emails {
		if email, _ := e.(map[string]any); email["primary"] != true {
			return nil, errSCIM
		}
	}
	return clean, nil
}

func (c *scimCall) createUser() (*scimAnswer, error) {
	all, err := c.whole()
	if err != nil {
		return nil, err
	}
	u, err := c.with(&User{ID: newID()}, all)
	if err != nil {
		return nil, err
	}
	if len(u.wrong()) > 0 {
		return nil, errSCIM
	}
	if err := c.addUser(u); err != nil {
		return nil, err
	}
	return &scimAnswer{http.StatusCreated, c.show(u)}, nil
}

func (c *scimCall) getUser() (*scimAnswer, error) {
	u, err := read[User](c.storeCall, kindUser, "USER", c.id)
	if err != nil {
		return nil, asMissing(err)
	}
	return &scimAnswer{http.StatusOK, c.show(u)}, nil
}

// putUser answers 201, as AWS's guide has it.
func (c *scimCall) putUser() (*scimAnswer, error) {
	all, err := c.whole()
	if err != nil {
		return nil, err
	}
	u, err := c.alterUser(c.id, func(u *User) (*User, error) {
		next, err := c.with(u, all)
		if err == nil && len(next.wrong()) > 0 {
			err = errSCIM
		}
		return next, err
	})
	if err != nil {
		return nil, asMissing(err)
	}
	return &scimAnswer{http.StatusCreated, c.show(u)}, nil
}

func (c *scimCall) patchUser() (*scimAnswer, error) {
	operations, err := scim.User.ParsePatch(c.body)
	if err != nil {
		return nil, errSCIM
	}
	u, err := c.alterUser(c.id, func(u *User) (*User, error) {
		all := c.attributes(u)
		scim.User.Apply(all, operations)
		next, err := c.with(u, all)
		if err == nil && len(next.worse(u)) > 0 {
			err = errSCIM
		}
		return next, err
	})
	if err != nil {
		return nil, asMissing(err)
	}
	return &scimAnswer{http.StatusOK, c.show(u)}, nil
}

func (c *scimCall) deleteUser() (*scimAnswer, error) {
	err := c.removeUser(c.id, func(*User) error { return nil })
	return &scimAnswer{status: http.StatusNoContent}, asMissing(err)
}

// asMissing has SCIM say of an id that can't be one what it says of one that nobody has.
func asMissing(err error) error {
	if err != nil && asSCIMFault(err) != errSCIM && asSCIMFault(err).status == http.StatusBadRequest {
		return &scimFault{status: http.StatusNotFound}
	}
	return err
}
