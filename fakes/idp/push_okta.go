package idp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// oktaSCIM is Okta's manner ("Okta and SCIM Version 2.0"): profiles are replaced whole by PUT, after they were read
// anew; activity is a PATCH without a path; group push adds members and removes each by a filter in the path.
type oktaSCIM struct{}

func (oktaSCIM) contentType() string { return "application/scim+json; charset=utf-8" }

func (oktaSCIM) findGroup(name string) url.Values { return filter("displayName", name) }

func (oktaSCIM) newUser(u PushUser) object {
	return object{
		"schemas": []string{scimUser}, "userName": u.UserName,
		"name":        object{"givenName": u.GivenName, "familyName": u.FamilyName},
		"emails":      []object{{"primary": true, "value": u.UserName, "type": "work"}},
		"displayName": u.DisplayName, "locale": "en-US", "externalId": oktaName("00u", u.UserName), "groups": []object{},
		"active": !u.Disabled,
	}
}

func (o oktaSCIM) changeUser(ctx context.Context, p *Push, id string, u PushUser) error {
	path := "/Users/" + url.PathEscape(id)
	if err := p.do(ctx, http.MethodGet, path, nil, nil, nil); err != nil {
		return err
	}
	whole := o.newUser(u)
	whole["id"] = id
	return p.do(ctx, http.MethodPut, path, nil, whole, nil)
}

func (oktaSCIM) enable(on bool) operation {
	return operation{Op: "replace", Value: object{"active": on}}
}

func (oktaSCIM) newGroup(name string) object {
	return object{"schemas": []string{scimGroup}, "displayName": name, "members": []object{}}
}

func (oktaSCIM) addMembers(ids []string) []operation {
	return []operation{{Op: "add", Path: "members", Value: members(ids)}}
}

func (oktaSCIM) removeMembers(ids []string) []operation { return removedEach("remove", ids) }

// PushNow is Okta's "Push now": it replaces the members of a group by those whom it has. IAM Identity Center refuses
// that ("Replacing group memberships is not supported.").
func (p *Push) PushNow(ctx context.Context, group string, userNames []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, err := p.find(ctx, &p.groups, "/Groups", group, filter("displayName", group))
	if err != nil {
		return err
	}
	ids := make([]string, len(userNames))
	for i, userName := range userNames {
		if ids[i], err = p.user(ctx, userName); err != nil {
			return err
		}
	}
	return p.patch(ctx, "/Groups/"+url.PathEscape(id), operation{Op: "replace", Path: "members", Value: members(ids)})
}

func members(ids []string) []object {
	list := make([]object, len(ids))
	for i, id := range ids {
		list[i] = object{"value": id}
	}
	return list
}

// removedEach removes members one by one, each by a filter.
func removedEach(op string, ids []string) []operation {
	list := make([]operation, len(ids))
	for i, id := range ids {
		quoted, _ := json.Marshal(id) // a string always can be
		list[i] = operation{Op: op, Path: "members[value eq " + string(quoted) + "]"}
	}
	return list
}
