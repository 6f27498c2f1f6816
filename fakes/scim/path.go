package scim

import (
	"errors"
	"strings"
)

// Path is where an operation works: an attribute, those of its values that a filter chooses, one within them.
type Path struct {
	Attribute string
	Filter    *Term // nil for all values
	Within    string
}

// ErrPath says that a path is none, or of an attribute that isn't supported.
var ErrPath = errors.New("the path is not that of an attribute which is supported")

// ParsePath reads one of the schema's: name, name.familyName, emails[type eq "work"].value, and the same after the
// schema's URN and a colon. Its error is ErrPath.
func (s Schema) ParsePath(text string) (*Path, error) {
	if len(text) > maxFilter {
		return nil, ErrPath
	}
	if rest, ours := cutURN(text, EnterpriseUser); ours && find(s, EnterpriseUser) != nil {
		return s.within(&Path{Attribute: EnterpriseUser}, rest)
	}
	for _, core := range []string{CoreUser, CoreGroup} {
		if rest, ours := cutURN(text, core); ours && rest != "" {
			text = rest
		}
	}
	head, rest, filtered := strings.Cut(text, "[")
	p := new(Path)
	if filtered {
		inside, after, closed := cutFilter(rest)
		terms, err := ParseFilter(inside)
		if !closed || err != nil || len(terms) != 1 || (after != "" && !strings.HasPrefix(after, ".")) {
			return nil, ErrPath
		}
		p.Filter, rest = &terms[0], strings.TrimPrefix(after, ".")
		if after == "." {
			return nil, ErrPath
		}
	} else {
		var dotted bool
		if head, rest, dotted = strings.Cut(text, "."); dotted && rest == "" {
			return nil, ErrPath
		}
	}
	p.Attribute = head
	return s.within(p, rest)
}

// cutURN takes a schema's URN and the colon after it off a path; of the URN alone nothing is left.
func cutURN(text, urn string) (rest string, ours bool) {
	if len(text) < len(urn) || !strings.EqualFold(text[:len(urn)], urn) {
		return text, false
	}
	rest = text[len(urn):]
	after, colon := strings.CutPrefix(rest, ":")
	return after, rest == "" || colon && after != ""
}

// cutFilter ends where the bracket closes that isn't within a string.
func cutFilter(text string) (inside, after string, closed bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ']':
			if !quoted {
				return text[:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}

// within gives the path the schema's own names.
func (s Schema) within(p *Path, rest string) (*Path, error) {
	a := find(s, p.Attribute)
	if a == nil || (p.Filter != nil && a.Kind != List) {
		return nil, ErrPath
	}
	p.Attribute = a.Name
	if p.Filter != nil {
		by := find(a.Within, p.Filter.Attribute)
		if by == nil {
			return nil, ErrPath
		}
		p.Filter.Attribute = by.Name
	}
	if rest == "" {
		return p, nil
	}
	in := find(a.Within, strings.TrimSuffix(rest, ".value")) // a manager's value is all that there is of it
	if in == nil || in.Kind != Complex && strings.HasSuffix(rest, ".value") {
		return nil, ErrPath
	}
	p.Within = in.Name
	return p, nil
}
