package identitycenter

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// maxResults is the most, and the default, of a page (Identity Store API Reference, MaxResults).
const maxResults = 100

// storePaging is which page of a list is asked for.
type storePaging struct {
	MaxResults *int   `json:"MaxResults"`
	NextToken  string `json:"NextToken"`
}

// page is how many are asked for and after which id, of a list that only a token of its own goes on with.
func (p *storePaging) page(list string) (size int, after string, err error) {
	size = maxResults
	if p.MaxResults != nil {
		size = *p.MaxResults
	}
	if size < 1 || size > maxResults {
		return 0, "", invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: "+
			"Member must have value between 1 and %d", size, maxResults)
	}
	if p.NextToken == "" {
		return size, "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.NextToken)
	after, ours := strings.CutPrefix(string(raw), list+"\x00")
	if err != nil || !ours || after == "" {
		return 0, "", invalid("The provided NextToken is invalid.")
	}
	return size, after, nil
}

func nextToken(list, last string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + "\x00" + last))
}

// pageFrom takes a page of what each visits after an id: at most size, and a token where there is more.
func pageFrom[T any](list string, size int, show func(*T) any, each func(records.Visit) error) ([]any, *string, error) {
	items, last, more := []any{}, "", false
	err := each(func(id string, raw json.RawMessage) (bool, error) {
		if more = len(items) == size; more {
			return false, nil
		}
		v := new(T)
		if err := json.Unmarshal(raw, v); err != nil {
			return false, err
		}
		items, last = append(items, show(v)), id
		return true, nil
	})
	if err != nil || !more {
		return items, nil, err
	}
	token := nextToken(list, last)
	return items, &token, nil
}

// storeFilter of a list. AWS has deprecated them, and knows one attribute of each kind.
type storeFilter struct {
	AttributePath  string `json:"AttributePath"`
	AttributeValue string `json:"AttributeValue"`
}

type listInput struct {
	storeInput
	storePaging
	Filters    []storeFilter `json:"Filters"`
	Extensions []string      `json:"Extensions"`
}

// filtered lists all of a kind, or the one that the filter is for.
func filtered[T any](c *storeCall, in *listInput, kind, attribute string, show func(*T) any) ([]any, *string, error) {
	size, after, err := in.page(kind)
	if err != nil {
		return nil, nil, err
	}
	if len(in.Filters) > 1 {
		return nil, nil, invalid("Only one filter is supported.")
	}
	var items []any
	var next *string
	err = c.view(func(tx *records.Tx) (err error) {
		each := func(visit records.Visit) error { return tx.Each(kind, after, visit) }
		if len(in.Filters) == 1 {
			f := in.Filters[0]
			if !strings.EqualFold(f.AttributePath, attribute) {
				return invalid("The filter attribute %s is not supported: only %s is.", f.AttributePath, attribute)
			}
			value := f.AttributeValue
			if kind == kindUser {
				value = strings.ToLower(value)
			}
			each = func(visit records.Visit) error { return visitFound(tx, kind, indexName, value, visit) }
		}
		items, next, err = pageFrom(kind, size, show, each)
		return err
	})
	return items, next, err
}

// visitFound visits the one record that has the unique value, if there is one.
func visitFound(tx *records.Tx, kind, index, value string, visit records.Visit) error {
	id, err := tx.Find(kind, index, value)
	if err != nil || id == "" {
		return err
	}
	var raw json.RawMessage
	if _, err := tx.Get(kind, id, &raw); err != nil {
		return err
	}
	_, err = visit(id, raw)
	return err
}

type userList struct {
	Users     []any
	NextToken *string `json:",omitempty"`
}

func (c *storeCall) listUsers(in *listInput) (*userList, error) {
	extensions, err := withExtensions(in.Extensions)
	if err != nil {
		return nil, err
	}
	items, next, err := filtered(c, in, kindUser, "UserName", func(u *User) any { return c.shownUser(u, extensions) })
	return &userList{items, next}, err
}

type groupList struct {
	Groups    []any
	NextToken *string `json:",omitempty"`
}

func (c *storeCall) listGroups(in *listInput) (*groupList, error) {
	items, next, err := filtered(c, in, kindGroup, "DisplayName", func(g *Group) any { return c.shownGroup(g) })
	return &groupList{items, next}, err
}
