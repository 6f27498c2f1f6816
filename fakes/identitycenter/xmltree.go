package identitycenter

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of the documents that are read at all. A genuine response of Okta or Entra ID has some 130 tokens, is 9 levels
// deep and 9 KB long.
const (
	maxTokens = 5000
	maxDepth  = 32
)

// The namespaces that a response may use.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsExcC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS     = "http://www.w3.org/2000/xmlns/"
)

// node is an element. The one tree is both what signatures are computed over and what is read: there is no second
// parser that could see another document.
type node struct {
	prefix, local, space string // space is the namespace's URI
	attrs                []attr // without namespace declarations
	decls                []decl // namespace declarations of this element
	children             []any  // *node or string
	parent               *node
	start, end           int64 // offsets in the document
}

type attr struct{ prefix, local, space, value string }

type decl struct{ prefix, uri string }

func (n *node) is(space, local string) bool { return n.local == local && n.space == space }

// attr is the value of an attribute that has no prefix.
func (n *node) attr(local string) (string, bool) {
	for _, a := range n.attrs {
		if a.prefix == "" && a.local == local {
			return a.value, true
		}
	}
	return "", false
}

// elements are the child elements.
func (n *node) elements() []*node {
	var out []*node
	for _, c := range n.children {
		if e, ok := c.(*node); ok {
			out = append(out, e)
		}
	}
	return out
}

// only is the one child element of that name; nil where there is none or more than one.
func (n *node) only(space, local string) *node {
	var found *node
	for _, e := range n.elements() {
		if !e.is(space, local) {
			continue
		}
		if found != nil {
			return nil
		}
		found = e
	}
	return found
}

// text is the element's character data; false where it holds elements.
func (n *node) text() (string, bool) {
	switch len(n.children) {
	case 0:
		return "", true
	case 1:
		s, ok := n.children[0].(string)
		return s, ok
	}
	return "", false
}

// walk visits the element and all below it until visit returns an error.
func (n *node) walk(visit func(*node) error) error {
	if err := visit(n); err != nil {
		return err
	}
	for _, c := range n.children {
		if e, ok := c.(*node); ok {
			if err := e.walk(visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// lookup is the URI that the prefix is bound to at the element.
func (n *node) lookup(prefix string) (string, bool) {
	if prefix == "xml" {
		return nsXML, true
	}
	for e := n; e != nil; e = e.parent {
		for _, d := range e.decls {
			if d.prefix == prefix {
				return d.uri, true
			}
		}
	}
	return "", prefix == ""
}

// Why a document is not read.
var (
	errMarkup    = errors.New("comment, CDATA, directive or processing instruction")
	errEncoding  = errors.New("not UTF-8")
	errTooLarge  = errors.New("too many tokens or too deep")
	errMalformed = errors.New("not well-formed")
)

// parseXML reads a document in the narrow dialect that SAML needs: UTF-8, one root, no comment, CDATA, directive,
// entity of its own or processing instruction but the XML declaration. A literal "<!" or "<?" can stand nowhere else
// in well-formed XML, so that they are refused by their bytes, before any parser could disagree about them.
func parseXML(doc []byte) (*node, error) {
	if !utf8.Valid(doc) || bytes.IndexByte(doc, 0) >= 0 {
		return nil, errEncoding
	}
	body := doc
	if bytes.HasPrefix(doc, []byte("<?xml ")) {
		end := bytes.Index(doc, []byte("?>"))
		if end < 0 || !utf8Declared(doc[:end]) {
			return nil, errEncoding
		}
		body = doc[end+2:]
	}
	if bytes.Contains(body, []byte("<!")) || bytes.Contains(body, []byte("<?")) {
		return nil, errMarkup
	}
	b := builder{decoder: xml.NewDecoder(bytes.NewReader(body))}
	b.decoder.Strict = true
	return b.build()
}

// utf8Declared tells whether an XML declaration names no other encoding.
func utf8Declared(declaration []byte) bool {
	d := strings.ToLower(string(declaration))
	return !strings.Contains(d, "encoding") || strings.Contains(d, `"utf-8"`) || strings.Contains(d, "'utf-8'")
}

type builder struct {
	decoder *xml.Decoder
	root    *node
	open    *node
	depth   int
	tokens  int
}

func (b *builder) build() (*node, error) {
	for {
		start := b.decoder.InputOffset()
		token, err := b.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errMalformed
		}
		if b.tokens++; b.tokens > maxTokens {
			return nil, errTooLarge
		}
		if err := b.take(token, start); err != nil {
			return nil, err
		}
	}
	if b.root == nil || b.open != nil {
		return nil, errMalformed
	}
	return b.root, nil
}

func (b *builder) take(token xml.Token, start int64) error {
	switch t := token.(type) {
	case xml.StartElement:
		return b.startElement(t, start)
	case xml.EndElement:
		if b.open == nil || b.open.prefix != t.Name.Space || b.open.local != t.Name.Local {
			return errMalformed
		}
		b.open.end = b.decoder.InputOffset()
		b.open, b.depth = b.open.parent, b.depth-1
		return nil
	case xml.CharData:
		if b.open == nil {
			if strings.Trim(string(t), " \t\r\n") != "" {
				return errMalformed
			}
			return nil
		}
		b.open.children = append(b.open.children, string(t))
		return nil
	}
	return errMarkup
}

func (b *builder) startElement(t xml.StartElement, start int64) error {
	if b.open == nil && b.root != nil {
		return errMalformed // a second root
	}
	if b.depth++; b.depth > maxDepth {
		return errTooLarge
	}
	n := &node{prefix: t.Name.Space, local: t.Name.Local, parent: b.open, start: start}
	for _, a := range t.Attr {
		if err := n.addAttr(a); err != nil {
			return err
		}
	}
	if err := n.resolve(); err != nil {
		return err
	}
	if b.open == nil {
		b.root = n
	} else {
		b.open.children = append(b.open.children, n)
	}
	b.open = n
	return nil
}

// addAttr takes an attribute as it was written. White space other than the blank is refused in values: parsers differ
// over it.
func (n *node) addAttr(a xml.Attr) error {
	if strings.ContainsAny(a.Value, "\t\r\n") {
		return errMalformed
	}
	switch {
	case a.Name.Space == "xmlns":
		return n.declare(a.Name.Local, a.Value)
	case a.Name.Space == "" && a.Name.Local == "xmlns":
		return n.declare("", a.Value)
	}
	n.attrs = append(n.attrs, attr{prefix: a.Name.Space, local: a.Name.Local, value: a.Value})
	return nil
}

func (n *node) declare(prefix, uri string) error {
	reserved := prefix == "xml" || prefix == "xmlns" || uri == nsXML || uri == nsXMLNS
	if reserved || (prefix != "" && (uri == "" || !isNCName(prefix))) {
		return errMalformed
	}
	for _, d := range n.decls {
		if d.prefix == prefix {
			return errMalformed
		}
	}
	n.decls = append(n.decls, decl{prefix, uri})
	return nil
}

// resolve finds the namespaces of the element and of its attributes.
func (n *node) resolve() error {
	if !isNCName(n.local) || (n.prefix != "" && !isNCName(n.prefix)) {
		return errMalformed
	}
	var ok bool
	if n.space, ok = n.lookup(n.prefix); !ok {
		return errMalformed
	}
	for i := range n.attrs {
		a := &n.attrs[i]
		if !isNCName(a.local) {
			return errMalformed
		}
		if a.prefix != "" {
			if a.space, ok = n.lookup(a.prefix); !ok || !isNCName(a.prefix) {
				return errMalformed
			}
		}
		for _, b := range n.attrs[:i] {
			if b.local == a.local && b.space == a.space {
				return errMalformed
			}
		}
	}
	return nil
}

// isNCName keeps names to the ASCII that SAML uses, which leaves out every name that the parsers of the field disagree
// about (colons, empty prefixes, other letters).
func isNCName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}
