package identitycenter

import (
	"encoding/json"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
)

// attributeOperation gives an attribute a value; none takes it away.
type attributeOperation struct {
	AttributePath  string          `json:"AttributePath"`
	AttributeValue json.RawMessage `json:"AttributeValue"`
}

// maxOperations of one update (Identity Store API Reference, UpdateUser).
const maxOperations = 100

// userPaths are the attributes that UpdateUser changes, with those within them.
var userPaths = map[string]string{
	"userName": "", "displayName": "", "nickName": "", "profileUrl": "", "title": "", "userType": "",
	"preferredLanguage": "", "locale": "", "timezone": "", "birthdate": "", "website": "",
	"emails": "", "addresses": "", "phoneNumbers": "", "roles": "", "photos": "",
	"name":       "formatted familyName givenName middleName honorificPrefix honorificSuffix",
	"enterprise": "employeeNumber costCenter organization division department manager",
}

// pathOf an operation: the attribute, and what is within it or nothing. Its error names a path that there is none of.
func (o *attributeOperation) path(known map[string]string) (attribute, within string, err error) {
	path := o.AttributePath
	if rest, ours := strings.CutPrefix(path, enterpriseExtension); ours {
		path = "enterprise" + rest
	}
	head, tail, deep := strings.Cut(path, ".")
	for name, parts := range known {
		if !strings.EqualFold(name, head) {
			continue
		}
		if !deep {
			return name, "", nil
		}
		for part := range strings.FieldsSeq(parts) {
			if strings.EqualFold(part, tail) {
				return name, part, nil
			}
		}
	}
	return "", "", invalid("The attribute path %s is not supported.", shortened(o.AttributePath))
}

// apply does the operations in their order to attributes.
func applyOperations(all map[string]any, operations []attributeOperation, known map[string]string) error {
	if len(operations) == 0 || len(operations) > maxOperations {
		return invalid("1 validation error detected: Value at 'operations' failed to satisfy constraint: "+
			"Member must have length between 1 and %d", maxOperations)
	}
	for _, o := range operations {
		attribute, within, err := o.path(known)
		if err != nil {
			return err
		}
		var value any
		if len(o.AttributeValue) > 0 && json.Unmarshal(o.AttributeValue, &value) != nil {
			return invalid("The value of %s is not JSON.", attribute)
		}
		value = lowered(value)
		in := all
		if within != "" {
			inner, ok := all[attribute].(map[string]any)
			if !ok {
				inner = map[string]any{}
			}
			all[attribute], in, attribute = inner, inner, within
		}
		if value == nil {
			delete(in, attribute)
			continue
		}
		in[attribute] = value
	}
	return nil
}

// lowered is a value whose members have names as they are kept, for clients that write them in capitals.
func lowered(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[strings.ToLower(name[:min(1, len(name))])+name[min(1, len(name)):]] = lowered(member)
		}
		return out
	case []any:
		for i := range v {
			v[i] = lowered(v[i])
		}
	}
	return v
}

type updateUserInput struct {
	userInput
	Operations []attributeOperation
}

func (c *storeCall) updateUser(in *updateUserInput) (any, error) {
	u, err := c.alterUser(in.UserID, func(u *User) (*User, error) {
		if err := atRevision(in.Revision, u); err != nil {
			return nil, err
		}
		all := attributesOf(u)
		if err := applyOperations(all, in.Operations, userPaths); err != nil {
			return nil, err
		}
		next, err := u.withAttributes(all)
		if err != nil {
			return nil, awsjson.Malformed(err)
		}
		if wrong := next.worse(u); len(wrong) > 0 {
			return nil, violated(wrong)
		}
		return next, nil
	})
	if err != nil {
		return nil, err
	}
	return c.named("User", u.ID, u), nil
}

// alterUser writes what becomes of a user.
func (c *storeCall) alterUser(id string, alter func(*User) (*User, error)) (next *User, err error) {
	err = c.change(func(tx *records.Tx) error {
		u, err := readIn[User](tx, kindUser, "USER", id)
		if err != nil {
			return err
		}
		if next, err = alter(u); err != nil {
			return err
		}
		next.change(c.by, c.now())
		return putUser(tx, next)
	})
	return next, err
}

type updateGroupInput struct {
	groupInput
	Operations []attributeOperation
}

func (c *storeCall) updateGroup(in *updateGroupInput) (any, error) {
	g, err := c.alterGroup(in.GroupID, func(_ *records.Tx, g *Group) error {
		if err := atRevision(in.Revision, g); err != nil {
			return err
		}
		all := map[string]any{"displayName": g.Name, "description": g.Description}
		if err := applyOperations(all, in.Operations, map[string]string{"displayName": "", "description": ""}); err != nil {
			return err
		}
		for name, to := range map[string]*string{"displayName": &g.Name, "description": &g.Description} {
			text, ok := all[name].(string)
			if !ok && all[name] != nil {
				return invalid("The value of %s is not a string.", name)
			}
			*to = text
		}
		if wrong := g.wrong(); len(wrong) > 0 {
			return violated(wrong)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.named("Group", g.ID, g), nil
}

// alterGroup writes what becomes of a group.
func (c *storeCall) alterGroup(id string, alter func(*records.Tx, *Group) error) (g *Group, err error) {
	err = c.change(func(tx *records.Tx) error {
		if g, err = readIn[Group](tx, kindGroup, "GROUP", id); err != nil {
			return err
		}
		if err := alter(tx, g); err != nil {
			return err
		}
		g.change(c.by, c.now())
		return putGroup(tx, g)
	})
	return g, err
}
