package scim

import "strings"

// URNs of what bodies say that they are.
const (
	CoreUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	CoreGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	ListResponse   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	PatchOp        = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	Error          = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// Kind is what an attribute's values are.
type Kind int

// The kinds of attributes.
const (
	Text    Kind = iota
	Boolean      // also written as a text: "True", as Entra ID does
	Complex      // has attributes within it
	List         // of complex values
)

// Attribute is one that a resource may have.
type Attribute struct {
	Name   string
	Kind   Kind
	Within []Attribute // of each value, where it is complex
	Kept   bool        // it can't be removed, and only changed once by a request
}

// Schema is the attributes of a kind of resource.
type Schema []Attribute

func texts(names string) (found []Attribute) {
	for name := range strings.FieldsSeq(names) {
		found = append(found, Attribute{Name: name})
	}
	return found
}

func complexOf(name string, kind Kind, within []Attribute) Attribute {
	return Attribute{Name: name, Kind: kind, Within: within}
}

// labelled are the attributes of a value that says of what type it is, and whether it is the one to use.
func labelled(names string) []Attribute {
	return append(texts(names), Attribute{Name: "primary", Kind: Boolean})
}

// User has the attributes that AWS supports ("Limitations from SCIM specification").
var User = Schema(append(
	texts("externalId displayName nickName profileUrl title userType preferredLanguage locale timezone"),
	Attribute{Name: "userName", Kept: true},
	Attribute{Name: "active", Kind: Boolean, Kept: true},
	complexOf("name", Complex, texts("formatted familyName givenName middleName honorificPrefix honorificSuffix")),
	complexOf("emails", List, labelled("value type")),
	complexOf("phoneNumbers", List, labelled("value type")),
	complexOf("roles", List, labelled("value type")),
	complexOf("addresses", List, labelled("formatted streetAddress locality region postalCode country type")),
	complexOf(EnterpriseUser, Complex, append(texts("employeeNumber costCenter organization division department"),
		complexOf("manager", Complex, texts("value")))),
))

// Group has the attributes of groups. Members are a matter of their own.
var Group = Schema(append(texts("displayName externalId"), complexOf("members", List, texts("value type $ref"))))

// find is the attribute of a name in any case; nil where there is none.
func find(in []Attribute, name string) *Attribute {
	for i := range in {
		if strings.EqualFold(in[i].Name, name) {
			return &in[i]
		}
	}
	return nil
}

// clean is the value as an attribute of the kind has it: with the attributes within it by their own names, and none
// that aren't supported; ok is false where it isn't of that kind. What a null stands for is nothing.
func (a *Attribute) clean(v any) (clean any, ok bool) {
	switch a.Kind {
	case Text:
		_, ok = v.(string)
		return v, ok || v == nil
	case Boolean:
		return boolean(v)
	case Complex:
		return a.cleanComplex(v)
	}
	var list []any
	switch v := v.(type) {
	case nil:
		return nil, true
	case []any:
		list = v
	default:
		list = []any{v}
	}
	cleaned := []any{}
	for _, item := range list {
		one, ok := a.cleanComplex(item)
		if !ok || one == nil {
			return nil, false
		}
		cleaned = append(cleaned, one)
	}
	return cleaned, true
}

// cleanComplex is of one value. A text alone is its value, as Entra ID writes a manager.
func (a *Attribute) cleanComplex(v any) (clean any, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		if find(a.Within, "value") == nil {
			return nil, false
		}
		return map[string]any{"value": v}, true
	case map[string]any:
		cleaned := map[string]any{}
		for name, value := range v {
			within := find(a.Within, name)
			if within == nil {
				continue
			}
			one, ok := within.clean(value)
			if !ok {
				return nil, false
			}
			if one != nil {
				cleaned[within.Name] = one
			}
		}
		return cleaned, true
	}
	return nil, false
}

func boolean(v any) (any, bool) {
	switch v := v.(type) {
	case bool, nil:
		return v, true
	case string:
		if truth := strings.EqualFold(v, "true"); truth || strings.EqualFold(v, "false") {
			return truth, true
		}
	}
	return nil, false
}

// Clean is a resource as a client sent it, with the schema's attributes by their own names and no others; ok is false
// where one has a value of another kind.
func (s Schema) Clean(resource map[string]any) (clean map[string]any, ok bool) {
	one, ok := (&Attribute{Kind: Complex, Within: s}).cleanComplex(resource)
	clean, _ = one.(map[string]any)
	return clean, ok
}
