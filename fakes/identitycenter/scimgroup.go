package identitycenter

import (
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/records"
	"github.com/regiondrill/regiondrill/fakes/scim"
)

// maxMembers is how many memberships one request may change.
const maxMembers = 100

// errReplace is AWS's answer to who wants to say anew who is in a group.
var errReplace = &scimFault{http.StatusBadRequest, "Replacing group memberships is not supported."}

// showGroup is a group as SCIM has it. Who is in it is never told: a list filtered by the member tells it.
func (c *scimCall) showGroup(g *Group, members bool) map[string]any {
	shown := map[string]any{"id": g.ID, "schemas": []string{scim.CoreGroup}, "displayName": g.Name,
		"meta": c.meta("Group", &g.Stamp)}
	if id := c.externalID(g.ExternalIDs); id != "" {
		shown["externalId"] = id
	}
	if members {
		shown["members"] = []any{}
	}
	return shown
}

// take gives the group the attributes that SCIM can change.
func (c *scimCall) take(g *Group, all map[string]any) error {
	g.Name, _ = all["displayName"].(string)
	external, _ := all["externalId"].(string)
	g.ExternalIDs = c.withExternalID(g.ExternalIDs, external)
	if len(g.wrong()) > 0 {
		return errSCIM
	}
	return nil
}

// membersOf a value are their ids.
func membersOf(value any) (ids []string, err error) {
	list, _ := value.([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		id, _ := m["value"].(string)
		if id == "" {
			return nil, errSCIM
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (c *scimCall) createGroup() (*scimAnswer, error) {
	all, err := c.object()
	if err != nil {
		return nil, err
	}
	clean, ok := scim.Group.Clean(all)
	if !ok {
		return nil, errSCIM
	}
	members, err := membersOf(clean["members"])
	if err != nil || len(members) > maxMembers {
		return nil, errSCIM
	}
	g := &Group{ID: newID(), Stamp: made(c.by, c.now())}
	if err := c.take(g, clean); err != nil {
		return nil, err
	}
	err = c.change(func(tx *records.Tx) error {
		if err := putGroup(tx, g); err != nil {
			return err
		}
		return c.joinAll(tx, g.ID, members)
	})
	if err != nil {
		return nil, err
	}
	return &scimAnswer{http.StatusCreated, c.showGroup(g, false)}, nil
}

// joinAll makes users members. One whom there is not breaks the schema.
func (c *scimCall) joinAll(tx *records.Tx, group string, users []string) error {
	for _, user := range users {
		if !tx.Has(kindUser, user) {
			return errSCIM
		}
		if _, err := c.join(tx, group, user, true); err != nil {
			return err
		}
	}
	return nil
}

func (c *scimCall) getGroup() (*scimAnswer, error) {
	g, err := read[Group](c.storeCall, kindGroup, "GROUP", c.id)
	if err != nil {
		return nil, asMissing(err)
	}
	return &scimAnswer{http.StatusOK, c.showGroup(g, true)}, nil
}

func (c *scimCall) deleteGroup() (*scimAnswer, error) {
	err := c.removeGroup(c.id, func(*Group) error { return nil })
	return &scimAnswer{status: http.StatusNoContent}, asMissing(err)
}

// change of memberships by one operation.
type memberChange struct {
	users []string
	join  bool
}

// memberChanges takes those of members out of a PATCH. AWS knows adding and removing of some, 100 in a request.
func memberChanges(all []scim.Operation) (others []scim.Operation, changes []memberChange, err error) {
	n := 0
	for _, o := range all {
		if o.Path.Attribute != "members" {
			others = append(others, o)
			continue
		}
		users, err := membersOf(o.Value)
		switch {
		case o.Op == scim.Replace:
			return nil, nil, errReplace
		case err != nil || o.Path.Within != "" || o.Path.Filter != nil && o.Op != scim.Remove:
			return nil, nil, errSCIM
		case o.Path.Filter != nil && o.Path.Filter.Attribute == "value":
			users = []string{o.Path.Filter.Value}
		case len(users) == 0: // everybody
			return nil, nil, errSCIM
		}
		if n += len(users); n > maxMembers {
			return nil, nil, errSCIM
		}
		changes = append(changes, memberChange{users, o.Op == scim.Add})
	}
	return others, changes, nil
}

func (c *scimCall) patchGroup() (*scimAnswer, error) {
	all, err := scim.Group.ParsePatch(c.body)
	if err != nil {
		return nil, errSCIM
	}
	others, changes, err := memberChanges(all)
	if err != nil {
		return nil, err
	}
	if len(others) == 0 {
		err = c.change(func(tx *records.Tx) error {
			if err := has(tx, kindGroup, c.id); err != nil {
				return err
			}
			return c.changeMembers(tx, c.id, changes)
		})
	} else {
		_, err = c.alterGroup(c.id, func(tx *records.Tx, g *Group) error {
			attributes := map[string]any{"displayName": g.Name, "externalId": c.externalID(g.ExternalIDs)}
			scim.Group.Apply(attributes, others)
			if err := c.take(g, attributes); err != nil {
				return err
			}
			return c.changeMembers(tx, g.ID, changes)
		})
	}
	return &scimAnswer{status: http.StatusNoContent}, asMissing(err)
}

func (c *scimCall) changeMembers(tx *records.Tx, group string, changes []memberChange) error {
	for _, change := range changes {
		if change.join {
			if err := c.joinAll(tx, group, change.users); err != nil {
				return err
			}
			continue
		}
		for _, user := range change.users {
			if err := tx.Delete(kindMembership, membershipID(group, user)); err != nil {
				return err
			}
		}
	}
	return nil
}
