package identitycenter

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// reserved are names that nobody may have (Identity Store API Reference, CreateUser and CreateGroup).
var reserved = []string{"administrator", "awsadministrators"}

// wrong says what of a user breaks the rules of its shape, as AWS says it.
func (u *User) wrong() (wrong []string) {
	wrong = append(wrong, wrongText("userName", u.Name, maxUserName, false, true)...)
	if slices.Contains(reserved, strings.ToLower(u.Name)) {
		wrong = append(wrong, "Value at 'userName' failed to satisfy constraint: Member must not be a reserved name")
	}
	wrong = append(wrong, wrongText("displayName", u.DisplayName, maxAttribute, true, true)...)
	given, family := "", ""
	if u.FullName != nil {
		given, family = u.FullName.GivenName, u.FullName.FamilyName
	}
	wrong = append(wrong, wrongText("name.givenName", given, maxAttribute, true, true)...)
	wrong = append(wrong, wrongText("name.familyName", family, maxAttribute, true, true)...)
	for name, n := range map[string]int{"emails": len(u.Emails), "addresses": len(u.Addresses),
		"phoneNumbers": len(u.PhoneNumbers), "roles": len(u.Roles)} {
		if n > 1 {
			wrong = append(wrong, "List attribute "+name+" exceeds allowed limit of 1")
		}
	}
	if len(u.Photos) > 3 {
		wrong = append(wrong, "List attribute photos exceeds allowed limit of 3")
	}
	for i, e := range u.Emails {
		wrong = append(wrong, wrongText(fmt.Sprintf("emails[%d].value", i), e.Value, maxAttribute, true, true)...)
	}
	wrong = append(wrong, wrongWithin("", attributesOf(u))...)
	sort.Strings(wrong)
	return slices.Compact(wrong)
}

// worse says what is wrong that wasn't before: users who came with a Directory have less than they ought to.
func (u *User) worse(before *User) []string {
	old := before.wrong()
	return slices.DeleteFunc(u.wrong(), func(w string) bool { return slices.Contains(old, w) })
}

// wrong says the same of a group.
func (g *Group) wrong() (wrong []string) {
	wrong = wrongText("displayName", g.Name, maxAttribute, true, true)
	if slices.Contains(reserved, strings.ToLower(g.Name)) {
		wrong = append(wrong, "Value at 'displayName' failed to satisfy constraint: Member must not be a reserved name")
	}
	return append(wrong, wrongText("description", g.Description, maxAttribute, true, false)...)
}

// wrongText says what is wrong with one value, of at most so many characters.
func wrongText(name, text string, most int, spaces, required bool) (wrong []string) {
	pattern := namePattern
	if spaces {
		pattern = textPattern
	}
	failed := "Value at '" + name + "' failed to satisfy constraint: Member must "
	switch {
	case text == "" && required:
		wrong = append(wrong, failed+"have length greater than or equal to 1")
	case utf8.RuneCountInString(text) > most:
		wrong = append(wrong, fmt.Sprintf("%shave length less than or equal to %d", failed, most))
	}
	if !written(text, spaces) {
		wrong = append(wrong, failed+"satisfy regular expression pattern: "+pattern)
	}
	return wrong
}

// wrongWithin looks at all texts of a value, however deep.
func wrongWithin(name string, v any) (wrong []string) {
	switch v := v.(type) {
	case string:
		most := maxAttribute
		if strings.HasPrefix(name, "photos") {
			most = 32 << 10 // they may be data themselves
		}
		if name != "userName" {
			wrong = wrongText(name, v, most, true, false)
		}
	case map[string]any:
		for member, value := range v {
			wrong = append(wrong, wrongWithin(strings.TrimPrefix(name+"."+member, "."), value)...)
		}
	case []any:
		for i, value := range v {
			wrong = append(wrong, wrongWithin(fmt.Sprintf("%s[%d]", name, i), value)...)
		}
	}
	return wrong
}

// attributesOf a user are those that can be changed, by the names that SCIM and UpdateUser know them by.
func attributesOf(u *User) map[string]any {
	var all map[string]any
	bare := *u
	bare.Stamp, bare.ExternalIDs = Stamp{}, nil
	raw, err := json.Marshal(bare)
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		return map[string]any{} // it was read from JSON
	}
	all["userName"] = all["name"]
	if delete(all, "name"); all["fullName"] != nil {
		all["name"] = all["fullName"]
	}
	for _, ours := range []string{"fullName", "id", "disabled"} {
		delete(all, ours)
	}
	return all
}

// withAttributes is the user with these in the place of all that can be changed. Its error says that one isn't of its
// shape.
func (u *User) withAttributes(all map[string]any) (*User, error) {
	to := map[string]any{}
	for name, value := range all {
		switch name {
		case "userName":
			to["name"] = value
		case "name":
			to["fullName"] = value
		case "id", "fullName", "disabled", "externalIds", "created", "createdBy", "updated", "updatedBy", "changes":
		default:
			to[name] = value
		}
	}
	raw, err := json.Marshal(to)
	if err != nil {
		return nil, err
	}
	next := User{ID: u.ID, Disabled: u.Disabled}
	next.ExternalIDs, next.Stamp = u.ExternalIDs, u.Stamp
	return &next, json.Unmarshal(raw, &next)
}
