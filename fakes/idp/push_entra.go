package idp

import (
	"context"
	"net/url"
)

// entraSCIM is the manner of Entra ID's provisioning service ("Develop and plan provisioning for a SCIM endpoint"):
// every change is a PATCH of paths, with operations in capitals and booleans in words unless the flag for compliant
// behaviour is set; a group is asked for without its members, and they come and go by PATCH alone.
type entraSCIM struct{ compliant bool }

func (entraSCIM) contentType() string { return "application/scim+json; charset=utf-8" }

func (entraSCIM) findGroup(name string) url.Values {
	query := filter("displayName", name)
	query.Set("excludedAttributes", "members")
	return query
}

func (entraSCIM) newUser(u PushUser) object {
	return object{
		"schemas": []string{scimUser, scimEnterprise}, "externalId": entraName("person", u.UserName),
		"userName": u.UserName, "active": !u.Disabled, "displayName": u.DisplayName,
		"emails": []object{{"primary": true, "type": "work", "value": u.UserName}},
		"meta":   object{"resourceType": "User"},
		"name": object{"formatted": u.GivenName + " " + u.FamilyName, "familyName": u.FamilyName,
			"givenName": u.GivenName},
	}
}

func (e entraSCIM) changeUser(ctx context.Context, p *Push, id string, u PushUser) error {
	return p.patch(ctx, "/Users/"+url.PathEscape(id),
		operation{e.op("Replace"), "displayName", u.DisplayName},
		operation{e.op("Replace"), "name.givenName", u.GivenName},
		operation{e.op("Replace"), "name.familyName", u.FamilyName},
		e.enable(!u.Disabled))
}

func (e entraSCIM) enable(on bool) operation {
	if e.compliant {
		return operation{e.op("Replace"), "active", on}
	}
	return operation{"Replace", "active", map[bool]string{true: "True", false: "False"}[on]}
}

func (entraSCIM) newGroup(name string) object {
	return object{
		"schemas":    []string{scimGroup, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"},
		"externalId": entraName("group", name), "displayName": name, "meta": object{"resourceType": "Group"},
	}
}

func (e entraSCIM) addMembers(ids []string) []operation {
	return []operation{{e.op("Add"), "members", e.members(ids)}}
}

func (e entraSCIM) removeMembers(ids []string) []operation {
	if e.compliant {
		return removedEach("remove", ids)
	}
	return []operation{{"Remove", "members", e.members(ids)}}
}

func (e entraSCIM) members(ids []string) []object {
	list := members(ids)
	for _, m := range list {
		if !e.compliant {
			m["$ref"] = nil
		}
	}
	return list
}

// op spells an operation.
func (e entraSCIM) op(capitalised string) string {
	if e.compliant {
		return map[string]string{"Replace": "replace", "Add": "add"}[capitalised]
	}
	return capitalised
}
