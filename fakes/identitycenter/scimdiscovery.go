package identitycenter

import (
	"net/http"

	"github.com/regiondrill/regiondrill/fakes/scim"
)

// config is what the service says of itself (Developer Guide, ServiceProviderConfig).
func (c *scimCall) config() (*scimAnswer, error) {
	const docs = "https://docs.aws.amazon.com/singlesignon/latest/userguide/"
	not := map[string]any{"supported": false}
	return &scimAnswer{http.StatusOK, map[string]any{
		"schemas":          []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"documentationUri": docs + "manage-your-identity-source-idp.html",
		"authenticationSchemes": []any{map[string]any{
			"type": "oauthbearertoken", "name": "OAuth Bearer Token",
			"description":      "Authentication scheme using the OAuth Bearer Token Standard",
			"specUri":          "https://www.rfc-editor.org/info/rfc6750",
			"documentationUri": docs + "provision-automatically.html", "primary": true,
		}},
		"patch":          map[string]any{"supported": true},
		"bulk":           map[string]any{"supported": false, "maxOperations": 1, "maxPayloadSize": scimBody},
		"filter":         map[string]any{"supported": true, "maxResults": scimPage},
		"changePassword": not, "sort": not, "etag": not,
	}}, nil
}

// listAll is an answer with all that there are.
func listAll(all []any) *scimAnswer {
	n, first := len(all), 1
	return &scimAnswer{http.StatusOK,
		&scimList{Total: &n, PerPage: n, Start: &first, Schemas: []string{scim.ListResponse}, Resources: all}}
}

// one is the one of an id.
func one(all []any, id string) (*scimAnswer, error) {
	for _, v := range all {
		if m, ok := v.(map[string]any); ok && m["id"] == id {
			return &scimAnswer{http.StatusOK, m}, nil
		}
	}
	return nil, &scimFault{status: http.StatusNotFound}
}

func (c *scimCall) resourceTypes() []any {
	of := func(name, description, schema string) map[string]any {
		return map[string]any{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": name, "name": name,
			"endpoint": "/" + name + "s", "description": description, "schema": schema,
			"meta": map[string]any{"resourceType": "ResourceType",
				"location": c.cfg.Instance.SCIMURL() + "/ResourceTypes/" + name},
		}
	}
	user := of("User", "User Account", scim.CoreUser)
	user["schemaExtensions"] = []any{map[string]any{"schema": scim.EnterpriseUser, "required": true}}
	return []any{user, of("Group", "Group", scim.CoreGroup)}
}

func (c *scimCall) listResourceTypes() (*scimAnswer, error) { return listAll(c.resourceTypes()), nil }
func (c *scimCall) getResourceType() (*scimAnswer, error)   { return one(c.resourceTypes(), c.id) }

// schemas are those of the attributes that are supported.
func schemas() []any {
	of := func(id, name, description string, attributes []scim.Attribute) map[string]any {
		return map[string]any{"id": id, "name": name, "description": description, "attributes": described(attributes)}
	}
	var core, enterprise []scim.Attribute
	for _, a := range scim.User {
		if a.Name == scim.EnterpriseUser {
			enterprise = a.Within
			continue
		}
		core = append(core, a)
	}
	return []any{
		of(scim.CoreUser, "User", "User Account", core),
		of(scim.EnterpriseUser, "EnterpriseUser", "Enterprise User", enterprise),
		of(scim.CoreGroup, "Group", "Group", scim.Group),
	}
}

// described are attributes as schemas tell of them (RFC 7643, section 7).
func described(attributes []scim.Attribute) []any {
	var all []any
	for _, a := range attributes {
		d := map[string]any{
			"name": a.Name, "type": "string", "multiValued": a.Kind == scim.List, "required": a.Name == "userName",
			"caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "none",
		}
		switch {
		case a.Kind == scim.Boolean:
			d["type"] = "boolean"
		case a.Within != nil:
			d["type"], d["subAttributes"] = "complex", described(a.Within)
		}
		if a.Name == "userName" {
			d["uniqueness"] = "server"
		}
		all = append(all, d)
	}
	return all
}

func (c *scimCall) listSchemas() (*scimAnswer, error) { return listAll(schemas()), nil }
func (c *scimCall) getSchema() (*scimAnswer, error)   { return one(schemas(), c.id) }
