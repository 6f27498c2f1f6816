package identitycenter

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/records"
	"github.com/regiondrill/regiondrill/fakes/scim"
)

// Pages of a list: without a cursor there is one, of 50, as ServiceProviderConfig says and as was met in the field;
// with a cursor there are as many as it takes, of at most 100 (Developer Guide, ListUsers).
const (
	scimPage       = 50
	scimCursorPage = 100
)

// scimList is one page.
type scimList struct {
	Total     *int     `json:"totalResults,omitempty"`
	PerPage   int      `json:"itemsPerPage"`
	Start     *int     `json:"startIndex,omitempty"`
	Next      *string  `json:"nextCursor,omitempty"`
	Schemas   []string `json:"schemas"`
	Resources []any    `json:"Resources"`
}

// chosen visits those of a kind that a filter chooses, after an id.
type chosen func(tx *records.Tx, after string, visit records.Visit) error

func (c *scimCall) listUsers() (*scimAnswer, error) {
	return listSCIM(c, kindUser, c.chosenUsers, func(u *User) any { return c.show(u) })
}

func (c *scimCall) listGroups() (*scimAnswer, error) {
	return listSCIM(c, kindGroup, c.chosenGroups, func(g *Group) any { return c.showGroup(g, true) })
}

// listSCIM answers a list: with totals, or with a cursor where one is asked for. The parameters that AWS doesn't
// support are passed over.
func listSCIM[T any](
	c *scimCall, kind string, choose func([]scim.Term) (chosen, error), show func(*T) any,
) (*scimAnswer, error) {
	query := c.req.URL.Query()
	filter, cursor, paged := query.Get("filter"), query.Get("cursor"), query.Has("cursor")
	var terms []scim.Term
	if query.Has("filter") {
		var err error
		if terms, err = scim.ParseFilter(filter); err != nil {
			return nil, errSCIM
		}
	}
	visit, err := choose(terms)
	if err != nil {
		return nil, err
	}
	size := scimPage
	if paged {
		size = scimCursorPage
	}
	if query.Has("count") {
		n, err := strconv.Atoi(query.Get("count"))
		if err != nil || n < 1 || n > scimCursorPage {
			return nil, errSCIM
		}
		size = min(size, n)
	}
	name := kind + " " + filter
	_, after, err := (&storePaging{NextToken: cursor}).page(name)
	if err != nil {
		return nil, errSCIM
	}
	list := &scimList{Schemas: []string{scim.ListResponse}}
	err = c.view(func(tx *records.Tx) (err error) {
		list.Resources, list.Next, err = pageFrom(name, size, show,
			func(see records.Visit) error { return visit(tx, after, see) })
		return err
	})
	if list.PerPage = len(list.Resources); !paged {
		first := 1
		list.Total, list.Start, list.Next = &list.PerPage, &first, nil
	}
	return &scimAnswer{http.StatusOK, list}, err
}

// chosenUsers are by userName, externalId, groups.value or id, or those of an id that have a manager.
func (c *scimCall) chosenUsers(terms []scim.Term) (chosen, error) {
	switch key, values := keyOf(terms); key {
	case "":
		return everyone(kindUser), nil
	case "username":
		return c.unique(kindUser, indexName, strings.ToLower(values[0])), nil
	case "externalid":
		return c.unique(kindUser, indexExternal, (&ExternalID{c.scimIssuer(), values[0]}).index()), nil
	case "id":
		return c.byID(kindUser, values[0], nil), nil
	case "groups.value":
		return through(kindGroup, values[0], indexGroup, kindUser, func(m *Membership) string { return m.User }), nil
	case "id manager", "manager id":
		id, manager := values[0], values[1]
		if key == "manager id" {
			id, manager = manager, id
		}
		return c.byID(kindUser, id, func(_ *records.Tx, raw json.RawMessage) (bool, error) {
			var u User
			err := json.Unmarshal(raw, &u)
			e := u.Enterprise
			return e != nil && e.Manager != nil && e.Manager.Value == manager, err
		}), nil
	}
	return nil, errSCIM
}

// chosenGroups are by displayName, externalId, members.value or id, or those of an id that have a member.
func (c *scimCall) chosenGroups(terms []scim.Term) (chosen, error) {
	switch key, values := keyOf(terms); key {
	case "":
		return everyone(kindGroup), nil
	case "displayname":
		return c.unique(kindGroup, indexName, values[0]), nil
	case "externalid":
		return c.unique(kindGroup, indexExternal, (&ExternalID{c.scimIssuer(), values[0]}).index()), nil
	case "id":
		return c.byID(kindGroup, values[0], nil), nil
	case "members.value", "members":
		return through(kindUser, values[0], indexMember, kindGroup, func(m *Membership) string { return m.Group }), nil
	case "id members", "id member", "id members.value", "members id", "member id", "members.value id":
		id, member := values[0], values[1]
		if !strings.HasPrefix(key, "id ") {
			id, member = member, id
		}
		return c.byID(kindGroup, id, func(tx *records.Tx, _ json.RawMessage) (bool, error) {
			return tx.Has(kindMembership, membershipID(id, member)), has(tx, kindUser, member)
		}), nil
	}
	return nil, errSCIM
}

// keyOf a filter are its attributes in lower case, with their values.
func keyOf(terms []scim.Term) (key string, values []string) {
	var of []string
	for _, t := range terms {
		of, values = append(of, strings.ToLower(t.Attribute)), append(values, t.Value)
	}
	return strings.Join(of, " "), values
}

func everyone(kind string) chosen {
	return func(tx *records.Tx, after string, visit records.Visit) error { return tx.Each(kind, after, visit) }
}

func (c *scimCall) unique(kind, index, value string) chosen {
	return func(tx *records.Tx, _ string, visit records.Visit) error {
		return visitFound(tx, kind, index, value, visit)
	}
}

// byID is the one of an id, if it is as wanted.
func (c *scimCall) byID(kind, id string, wanted func(*records.Tx, json.RawMessage) (bool, error)) chosen {
	return func(tx *records.Tx, _ string, visit records.Visit) error {
		var raw json.RawMessage
		found, err := tx.Get(kind, id, &raw)
		if err == nil && found && wanted != nil {
			found, err = wanted(tx, raw)
		}
		if err != nil || !found {
			return err
		}
		_, err = visit(id, raw)
		return err
	}
}

// through are those whom memberships join to one that must be there.
func through(of, id, index, kind string, other func(*Membership) string) chosen {
	return func(tx *records.Tx, after string, visit records.Visit) error {
		if err := has(tx, of, id); err != nil {
			return err
		}
		return tx.EachOf(kindMembership, index, id, after, func(membership string, raw json.RawMessage) (bool, error) {
			var m Membership
			if err := json.Unmarshal(raw, &m); err != nil {
				return false, err
			}
			var value json.RawMessage
			if found, err := tx.Get(kind, other(&m), &value); err != nil || !found {
				return true, err
			}
			return visit(membership, value)
		})
	}
}
