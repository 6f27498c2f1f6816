package identitycenter

import (
	"encoding/json"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// shownGroup is a group on the wire.
func (c *storeCall) shownGroup(g *Group) any {
	shown := map[string]any{"DisplayName": g.Name, "Revision": revisionOf(g)}
	texts := map[string]string{"Description": g.Description, "CreatedBy": g.CreatedBy, "UpdatedBy": g.UpdatedBy}
	for name, text := range texts {
		if text != "" {
			shown[name] = text
		}
	}
	var external []any
	for _, e := range g.ExternalIDs {
		external = append(external, capitalized(e))
	}
	if external != nil {
		shown["ExternalIds"] = external
	}
	c.identify(shown, "Group", g.ID)
	c.date(shown, &g.Stamp)
	return shown
}

type createGroupInput struct {
	storeInput
	DisplayName string
	Description string
}

func (c *storeCall) createGroup(in *createGroupInput) (any, error) {
	g := Group{ID: newID(), Name: in.DisplayName, Description: in.Description, Stamp: made(c.by, c.now())}
	if wrong := g.wrong(); len(wrong) > 0 {
		return nil, violated(wrong)
	}
	if err := c.change(func(tx *records.Tx) error { return putGroup(tx, &g) }); err != nil {
		return nil, err
	}
	return c.named("Group", g.ID, g), nil
}

type groupInput struct {
	storeInput
	GroupID  string  `json:"GroupId"`
	Revision *string `json:"Revision"`
}

func (c *storeCall) describeGroup(in *groupInput) (any, error) {
	g, err := read[Group](c, kindGroup, "GROUP", in.GroupID)
	if err != nil {
		return nil, err
	}
	return c.shownGroup(g), nil
}

func (c *storeCall) deleteGroup(in *groupInput) (struct{}, error) {
	return struct{}{}, c.removeGroup(in.GroupID, func(g *Group) error { return atRevision(in.Revision, g) })
}

// removeGroup removes a group with its memberships. What was assigned to it stays, and gives nobody anything.
func (c *storeCall) removeGroup(id string, may func(*Group) error) error {
	return c.change(func(tx *records.Tx) error {
		g, err := readIn[Group](tx, kindGroup, "GROUP", id)
		if err == nil {
			err = may(g)
		}
		if err == nil {
			err = deleteMemberships(tx, indexGroup, g.ID)
		}
		if err != nil {
			return err
		}
		return tx.Delete(kindGroup, g.ID)
	})
}

// alternateInput finds something by what else is unique.
type alternateInput struct {
	storeInput
	AlternateIdentifier struct {
		ExternalID *struct {
			ID     string `json:"Id"`
			Issuer string `json:"Issuer"`
		} `json:"ExternalId"`
		UniqueAttribute *struct {
			AttributePath  string          `json:"AttributePath"`
			AttributeValue json.RawMessage `json:"AttributeValue"`
		} `json:"UniqueAttribute"`
	} `json:"AlternateIdentifier"`
}

// find is the id of who has it, by the attributes that the kind has an index of.
func (c *storeCall) find(in *alternateInput, kind, called string, attributes map[string]string) (id string, err error) {
	external, unique := in.AlternateIdentifier.ExternalID, in.AlternateIdentifier.UniqueAttribute
	if (external == nil) == (unique == nil) {
		return "", invalid("AlternateIdentifier must have exactly one of ExternalId and UniqueAttribute.")
	}
	index, value := indexExternal, ""
	if external != nil {
		value = (&ExternalID{external.Issuer, external.ID}).index()
	} else {
		for path, of := range attributes {
			if strings.EqualFold(path, unique.AttributePath) {
				index = of
			}
		}
		if index == indexExternal || json.Unmarshal(unique.AttributeValue, &value) != nil {
			return "", invalid("The attribute path %s is not supported, or its value is not a string.",
				shortened(unique.AttributePath))
		}
		if kind == kindUser {
			value = strings.ToLower(value)
		}
	}
	err = c.view(func(tx *records.Tx) error {
		id, err = tx.Find(kind, index, value)
		return err
	})
	if err == nil && id == "" {
		err = noSuch(called, "")
	}
	return id, err
}

func (c *storeCall) getUserID(in *alternateInput) (any, error) {
	id, err := c.find(in, kindUser, "USER", map[string]string{"userName": indexName, "emails.value": indexEmail})
	if err != nil {
		return nil, err
	}
	said := map[string]any{}
	c.identify(said, "User", id)
	return said, nil
}

func (c *storeCall) getGroupID(in *alternateInput) (any, error) {
	id, err := c.find(in, kindGroup, "GROUP", map[string]string{"displayName": indexName})
	if err != nil {
		return nil, err
	}
	said := map[string]any{}
	c.identify(said, "Group", id)
	return said, nil
}
