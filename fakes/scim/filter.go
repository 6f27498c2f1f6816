// Package scim reads what SCIM 2.0 clients write: filters, attribute paths and PATCH operations (RFC 7644), in the part
// of the language that AWS's implementation has (IAM Identity Center SCIM Implementation Developer Guide). It holds no
// data and knows no HTTP.
package scim

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// Term is a comparison: an attribute, whose name has any case, equals a value.
type Term struct{ Attribute, Value string }

// Limits of a filter: its length in bytes, and how many terms it may join.
const (
	maxFilter = 4 << 10
	maxTerms  = 2
)

// ErrFilter says that a filter isn't of the form that AWS has: attribute eq "value", and another after an and.
var ErrFilter = errors.New("Invalid Filter format") //nolint:staticcheck // AWS's words

// ParseFilter reads one. Its error is ErrFilter.
func ParseFilter(text string) ([]Term, error) {
	if len(text) > maxFilter || !utf8.ValidString(text) {
		return nil, ErrFilter
	}
	var terms []Term
	for rest := strings.TrimSpace(text); ; {
		term, after, ok := readTerm(rest)
		if terms = append(terms, term); !ok || len(terms) > maxTerms {
			return nil, ErrFilter
		}
		if after == "" {
			return terms, nil
		}
		if rest, ok = word(after, "and"); !ok {
			return nil, ErrFilter
		}
	}
}

// readTerm takes one off the beginning, with the blanks after it.
func readTerm(text string) (t Term, rest string, ok bool) {
	name, rest, ok := strings.Cut(text, " ")
	if !ok || !isName(name) {
		return t, "", false
	}
	if rest, ok = word(strings.TrimLeft(rest, " "), "eq"); !ok {
		return t, "", false
	}
	value, rest, ok := readString(rest)
	return Term{name, value}, strings.TrimLeft(rest, " "), ok
}

// word takes one off the beginning, of any case, with the blanks that must come after it.
func word(text, want string) (rest string, ok bool) {
	got, rest, ok := strings.Cut(text, " ")
	return strings.TrimLeft(rest, " "), ok && strings.EqualFold(got, want)
}

// readString takes a JSON string off the beginning.
func readString(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		return "", "", false
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			ok = json.Unmarshal([]byte(text[:i+1]), &value) == nil
			return value, text[i+1:], ok
		}
	}
	return "", "", false
}

// isName tells whether a text is an attribute's name, of the core or of a schema's, and maybe one within it.
func isName(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(".:$_-", r)
	})
}
