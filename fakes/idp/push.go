package idp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Push provisions people and groups by SCIM 2.0 (RFC 7644) as the provider's product drives it: what is asked first,
// what is created, and by which of PUT and PATCH a change is said. What a server refuses stays undone, as there.
//
// Its methods may be called from several goroutines; one change is pushed after another, as both products do.
type Push struct {
	Dialect string       // okta, which is also the default, or entra
	Client  *http.Client // http.DefaultClient where nil
	Base    string       // up to and with /scim/v2
	Token   string       // bearer
	// Compliant is how Entra ID speaks with the flag aadOptscim062020 in the tenant's URL: operations in lower case,
	// booleans as booleans, members removed by a filter in the path. Without it they are as ever.
	Compliant bool

	mu     sync.Mutex
	users  map[string]string // ids by user name
	groups map[string]string // by display name
}

// PushUser is a person as the provider's mapping has them for IAM Identity Center.
type PushUser struct {
	UserName, GivenName, FamilyName, DisplayName string
	Disabled                                     bool
}

// PushError is an answer that is no success.
type PushError struct {
	Method, Path string
	Status       int
	Detail       string // of the SCIM error; empty where the answer is none
}

// Error says what was refused and why.
func (e *PushError) Error() string {
	return fmt.Sprintf("SCIM %s %s: %d %s", e.Method, e.Path, e.Status, cmp.Or(e.Detail, http.StatusText(e.Status)))
}

// Limits of what is sent and read.
const (
	maxMembers    = 100     // of a request: what IAM Identity Center takes
	maxSCIMAnswer = 1 << 20 // bytes
)

// URNs of SCIM.
const (
	scimUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	scimEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	scimGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	scimPatch      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

type object = map[string]any

// operation of a PATCH.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
}

// manner is how a product speaks SCIM.
type manner interface {
	contentType() string
	findGroup(name string) url.Values
	newUser(u PushUser) object
	changeUser(ctx context.Context, p *Push, id string, u PushUser) error
	enable(on bool) operation
	newGroup(name string) object
	addMembers(ids []string) []operation
	removeMembers(ids []string) []operation
}

func (p *Push) manner() (manner, error) {
	switch cmp.Or(p.Dialect, "okta") {
	case "okta":
		return oktaSCIM{}, nil
	case "entra":
		return entraSCIM{p.Compliant}, nil
	}
	return nil, fmt.Errorf("there is no dialect %q", p.Dialect)
}

// User creates somebody, or links them to a user of the same user name and updates that one.
func (p *Push) User(ctx context.Context, u PushUser) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.manner()
	if err != nil {
		return err
	}
	id, err := p.find(ctx, &p.users, "/Users", u.UserName, filter("userName", u.UserName))
	switch {
	case err != nil:
		return err
	case id == "":
		return p.create(ctx, p.users, "/Users", u.UserName, m.newUser(u))
	}
	return m.changeUser(ctx, p, id, u)
}

// Enable activates or deactivates a user, as when somebody is unassigned. Nobody is deleted by it.
func (p *Push) Enable(ctx context.Context, userName string, on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.manner()
	if err != nil {
		return err
	}
	id, err := p.user(ctx, userName)
	if err != nil {
		return err
	}
	return p.patch(ctx, "/Users/"+url.PathEscape(id), m.enable(on))
}

// Delete removes a user, as Entra ID does with those who are deleted for good.
func (p *Push) Delete(ctx context.Context, userName string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, err := p.user(ctx, userName)
	if err != nil {
		return err
	}
	if err := p.do(ctx, http.MethodDelete, "/Users/"+url.PathEscape(id), nil, nil, nil); err != nil {
		return err
	}
	delete(p.users, userName)
	return nil
}

// Group creates a group without members, or links it to the one of that name.
func (p *Push) Group(ctx context.Context, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.manner()
	if err != nil {
		return err
	}
	id, err := p.find(ctx, &p.groups, "/Groups", name, m.findGroup(name))
	if err != nil || id != "" {
		return err
	}
	return p.create(ctx, p.groups, "/Groups", name, m.newGroup(name))
}

// Members adds people to a group and removes others, by their user names, at most 100 in a request.
func (p *Push) Members(ctx context.Context, group string, add, remove []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, err := p.manner()
	if err != nil {
		return err
	}
	id, err := p.find(ctx, &p.groups, "/Groups", group, m.findGroup(group))
	if err == nil && id == "" {
		err = fmt.Errorf("there is no group %q", group)
	}
	if err != nil {
		return err
	}
	for _, change := range []struct {
		of []string
		by func([]string) []operation
	}{{add, m.addMembers}, {remove, m.removeMembers}} {
		for some := range slices.Chunk(change.of, maxMembers) {
			ids := make([]string, len(some))
			for i, userName := range some {
				if ids[i], err = p.user(ctx, userName); err != nil {
					return err
				}
			}
			if err := p.patch(ctx, "/Groups/"+url.PathEscape(id), change.by(ids)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// user is the id of somebody who must be there.
func (p *Push) user(ctx context.Context, userName string) (string, error) {
	id, err := p.find(ctx, &p.users, "/Users", userName, filter("userName", userName))
	if err == nil && id == "" {
		err = fmt.Errorf("there is no user %q", userName)
	}
	return id, err
}

// find is the id of a resource, empty where there is none. What was found once isn't asked for again.
func (p *Push) find(
	ctx context.Context, known *map[string]string, path, name string, query url.Values,
) (string, error) {
	if *known == nil {
		*known = map[string]string{}
	}
	if id, ok := (*known)[name]; ok {
		return id, nil
	}
	var list struct {
		Resources []struct {
			ID string `json:"id"`
		}
	}
	if err := p.do(ctx, http.MethodGet, path, query, nil, &list); err != nil {
		return "", err
	}
	if len(list.Resources) == 0 || list.Resources[0].ID == "" {
		return "", nil
	}
	(*known)[name] = list.Resources[0].ID
	return list.Resources[0].ID, nil
}

func (p *Push) create(ctx context.Context, known map[string]string, path, name string, body object) error {
	var made struct {
		ID string `json:"id"`
	}
	if err := p.do(ctx, http.MethodPost, path, nil, body, &made); err != nil {
		return err
	}
	if made.ID == "" {
		return fmt.Errorf("SCIM POST %s: %w", path, errors.New("what was created has no id"))
	}
	known[name] = made.ID
	return nil
}

func (p *Push) patch(ctx context.Context, path string, operations ...operation) error {
	return p.do(ctx, http.MethodPatch, path, nil, object{"schemas": []string{scimPatch}, "Operations": operations}, nil)
}

// filter is the query for a resource by the value of an attribute.
func filter(attribute, value string) url.Values {
	quoted, _ := json.Marshal(value) // RFC 7644, 3.4.2.2: a JSON string; one always can be
	return url.Values{"filter": {attribute + " eq " + string(quoted)}}
}

// do sends a request and reads its answer into result.
func (p *Push) do(ctx context.Context, method, path string, query url.Values, body, result any) error {
	m, err := p.manner()
	if err != nil {
		return err
	}
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("SCIM %s %s: %w", method, path, err)
		}
		sent = bytes.NewReader(text)
	}
	target := strings.TrimSuffix(p.Base, "/") + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, sent)
	if err != nil {
		return fmt.Errorf("SCIM %s %s: %w", method, path, err)
	}
	r.Header.Set("Authorization", "Bearer "+p.Token)
	r.Header.Set("Accept", "application/scim+json")
	if body != nil {
		r.Header.Set("Content-Type", m.contentType())
	}
	answer, err := cmp.Or(p.Client, http.DefaultClient).Do(r)
	if err != nil {
		return fmt.Errorf("SCIM %s %s: %w", method, path, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxSCIMAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("SCIM %s %s: %w", method, path, err)
	case answer.StatusCode >= 300:
		var said struct {
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(text, &said) // an answer that is no SCIM error has no detail
		return &PushError{method, path, answer.StatusCode, said.Detail}
	case result == nil:
		return nil
	}
	if err := json.Unmarshal(text, result); err != nil {
		return fmt.Errorf("SCIM %s %s: reading the answer: %w", method, path, err)
	}
	return nil
}
