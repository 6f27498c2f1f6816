package idp

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// element is an XML element of a message. A message is written twice from one tree: for the wire, where attributes
// stand in the order that the vendor's software gives them, and in canonical form, over which its signatures are
// computed. Building both from here costs microseconds; parsing the wire form again to canonicalise it would cost
// more than the rest of a sign-in.
type element struct {
	name     string // with its prefix
	attrs    []attr // in the order of the wire, namespace declarations among them
	text     string // character data; an element has text or children, not both
	children []*element
}

type attr struct{ name, value string }

// insert puts a child at the index.
func (e *element) insert(index int, child *element) {
	e.children = slices.Insert(e.children, index, child)
}

// wire appends the element as it is sent.
func (e *element) wire(out *bytes.Buffer) {
	out.WriteByte('<')
	out.WriteString(e.name)
	for _, a := range e.attrs {
		writeAttr(out, a.name, a.value)
	}
	if e.text == "" && len(e.children) == 0 {
		out.WriteString("/>")
		return
	}
	out.WriteByte('>')
	escape(out, e.text, false)
	for _, c := range e.children {
		c.wire(out)
	}
	writeEnd(out, e.name)
}

// canonicalizer writes elements in the form of Exclusive XML Canonicalization 1.0, without comments (our messages
// have none).
type canonicalizer struct {
	out       bytes.Buffer
	inclusive string // the one prefix of the InclusiveNamespaces PrefixList, or empty
	scope     []attr // declarations in force here, innermost last: prefix and URI
	rendered  []attr // those already written around here
}

// canonical is the element's exclusive canonical form as the apex of a document subset. What the element uses must
// be declared by itself or in scope.
func canonical(e *element, inclusive string, scope ...attr) []byte {
	c := canonicalizer{inclusive: inclusive, scope: scope}
	c.out.Grow(4096)
	c.write(e)
	return c.out.Bytes()
}

func (c *canonicalizer) write(e *element) {
	scope, rendered := len(c.scope), len(c.rendered)
	plain := make([]attr, 0, len(e.attrs))
	for _, a := range e.attrs {
		if prefix, ok := declared(a.name); ok {
			c.scope = append(c.scope, attr{prefix, a.value})
		} else {
			plain = append(plain, a)
		}
	}
	c.out.WriteByte('<')
	c.out.WriteString(e.name)
	c.writeNamespaces(c.used(e.name, plain))
	slices.SortFunc(plain, c.compare)
	for _, a := range plain {
		writeAttr(&c.out, a.name, a.value)
	}
	c.out.WriteByte('>')
	escape(&c.out, e.text, false)
	for _, child := range e.children {
		c.write(child)
	}
	writeEnd(&c.out, e.name)
	c.scope, c.rendered = c.scope[:scope], c.rendered[:rendered]
}

// used lists the prefixes that an element's own names use visibly and the one of the PrefixList, sorted, each once.
func (c *canonicalizer) used(name string, attrs []attr) []string {
	element, _ := split(name)
	prefixes := append(make([]string, 0, 4), element)
	for _, a := range attrs {
		if prefix, _ := split(a.name); prefix != "" { // an attribute without a prefix is in no namespace
			prefixes = append(prefixes, prefix)
		}
	}
	if c.inclusive != "" && lookup(c.scope, c.inclusive) != "" {
		prefixes = append(prefixes, c.inclusive)
	}
	slices.Sort(prefixes)
	return slices.Compact(prefixes)
}

func (c *canonicalizer) writeNamespaces(prefixes []string) {
	for _, prefix := range prefixes {
		uri := lookup(c.scope, prefix)
		if lookup(c.rendered, prefix) == uri {
			continue
		}
		c.rendered = append(c.rendered, attr{prefix, uri})
		if prefix == "" {
			writeAttr(&c.out, "xmlns", uri)
		} else {
			writeAttr(&c.out, "xmlns:"+prefix, uri)
		}
	}
}

// compare orders attributes by namespace URI, then by local name; those in no namespace come first.
func (c *canonicalizer) compare(a, b attr) int {
	aPrefix, aLocal := split(a.name)
	bPrefix, bLocal := split(b.name)
	return cmp.Or(cmp.Compare(c.uri(aPrefix), c.uri(bPrefix)), cmp.Compare(aLocal, bLocal))
}

func (c *canonicalizer) uri(attrPrefix string) string {
	if attrPrefix == "" {
		return ""
	}
	return lookup(c.scope, attrPrefix)
}

func lookup(declarations []attr, prefix string) string {
	for _, d := range slices.Backward(declarations) {
		if d.name == prefix {
			return d.value
		}
	}
	return ""
}

// declared is the prefix that an attribute of this name declares, if it is a namespace declaration.
func declared(name string) (prefix string, ok bool) {
	if name == "xmlns" {
		return "", true
	}
	return strings.CutPrefix(name, "xmlns:")
}

func split(name string) (prefix, local string) {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

func writeAttr(out *bytes.Buffer, name, value string) {
	out.WriteByte(' ')
	out.WriteString(name)
	out.WriteString(`="`)
	escape(out, value, true)
	out.WriteByte('"')
}

func writeEnd(out *bytes.Buffer, name string) {
	out.WriteString("</")
	out.WriteString(name)
	out.WriteByte('>')
}

// escape writes text as Canonical XML 1.0, section 2.3 asks, which suits the wire as well.
func escape(out *bytes.Buffer, text string, inAttr bool) {
	last := 0
	for i := range len(text) {
		entity := entityOf(text[i], inAttr)
		if entity == "" {
			continue
		}
		out.WriteString(text[last:i])
		out.WriteString(entity)
		last = i + 1
	}
	out.WriteString(text[last:])
}

func entityOf(c byte, inAttr bool) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '\r':
		return "&#xD;"
	}
	switch {
	case c == '>' && !inAttr:
		return "&gt;"
	case c == '"' && inAttr:
		return "&quot;"
	case c == '\t' && inAttr:
		return "&#x9;"
	case c == '\n' && inAttr:
		return "&#xA;"
	}
	return ""
}
