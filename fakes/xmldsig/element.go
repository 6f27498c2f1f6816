package xmldsig

import "strings"

// Element is an element of a message that was parsed or will be sent. The one tree is both what signatures are computed
// over and what is read: there is no second parser that could see another document.
//
// Character data is kept as Text and Tail, so that an element is also what stands around its children.
type Element struct {
	Name     string // as written, with its prefix
	Attrs    []Attr // as written, namespace declarations among them
	Text     string // character data in front of the first child
	Children []*Element
	Tail     string // character data of the parent behind this element

	parent *Element // the rest is known of parsed elements only
	local  string
	space  string // the namespace's URI
	source string
}

// Attr is an attribute or a namespace declaration, by its name as written.
type Attr struct{ Name, Value string }

// Declares is the prefix that a namespace declaration binds; empty for the default namespace.
func (a Attr) Declares() (prefix string, ok bool) {
	if a.Name == "xmlns" {
		return "", true
	}
	return strings.CutPrefix(a.Name, "xmlns:")
}

// Split is the prefix, empty where there is none, and the local part of the attribute's name.
func (a Attr) Split() (prefix, local string) { return split(a.Name) }

func split(name string) (prefix, local string) {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

// Local is the local part of a parsed element's name.
func (e *Element) Local() string { return e.local }

// Space is the URI of a parsed element's namespace; empty where it is in none.
func (e *Element) Space() string { return e.space }

// Parent of a parsed element; nil at the root.
func (e *Element) Parent() *Element { return e.parent }

// Source is a parsed element as it stood in its document, from tag to tag.
func (e *Element) Source() string { return e.source }

// Is tells whether a parsed element has that name.
func (e *Element) Is(space, local string) bool { return e.local == local && e.space == space }

// Attr is the value of an attribute that has no prefix.
func (e *Element) Attr(local string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name == local {
			return a.Value, true
		}
	}
	return "", false
}

// Only is the one child of a parsed element that has that name; nil where there is none or more than one.
func (e *Element) Only(space, local string) *Element {
	var found *Element
	for _, c := range e.Children {
		if !c.Is(space, local) {
			continue
		}
		if found != nil {
			return nil
		}
		found = c
	}
	return found
}

// Value is the element's character data; false where it holds elements.
func (e *Element) Value() (string, bool) { return e.Text, len(e.Children) == 0 }

// Blank tells whether the element holds no character data but white space.
func (e *Element) Blank() bool {
	if strings.Trim(e.Text, whiteSpace) != "" {
		return false
	}
	for _, c := range e.Children {
		if strings.Trim(c.Tail, whiteSpace) != "" {
			return false
		}
	}
	return true
}

const whiteSpace = " \t\r\n"

// Walk visits the element and all below it, until visit returns an error.
func (e *Element) Walk(visit func(*Element) error) error {
	if err := visit(e); err != nil {
		return err
	}
	for _, c := range e.Children {
		if err := c.Walk(visit); err != nil {
			return err
		}
	}
	return nil
}

// IsNCName tells whether a name without prefix, or an ID, is well-formed. It is kept to the ASCII that SAML uses, which
// leaves out every name that the parsers of the field disagree about (colons, empty prefixes, other letters).
func IsNCName(s string) bool {
	for i := range len(s) {
		if !nameCharacter(s[i]) {
			return false
		}
	}
	return s != "" && s[0] > '9'
}

func nameCharacter(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}
