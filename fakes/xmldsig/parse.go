package xmldsig

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// Why a document is not read.
var (
	errMarkup      = errors.New("comment, CDATA, directive or processing instruction")
	errDeclaration = errors.New("the XML declaration is not well-formed")
	errEncoding    = errors.New("not UTF-8")
	errTooLarge    = errors.New("too many tokens or too deep")
	errAttributes  = errors.New("too many attributes or namespace declarations, or too long ones")
	errMalformed   = errors.New("not well-formed")
)

// Limits of the documents that are read at all. A genuine response of Okta or Entra ID has some 130 tokens, is 9 levels
// deep and 9 KB long; its elements have at most 8 attributes, declarations included, and 12 declarations are in force
// at once.
const (
	maxTokens = 5000 // tags and pieces of character data
	maxDepth  = 32
	maxAttrs  = 32  // attributes and namespace declarations of an element, which are compared with each other
	maxScope  = 64  // namespace declarations in force at an element, which every prefix is looked up in
	maxURI    = 256 // bytes of a namespace's URI, which a canonical form declares anew wherever it is used
)

// Parse reads a document in the narrow dialect that SAML needs: XML 1.0 with namespaces in UTF-8, one root, no comment,
// CDATA, document type, entity of its own or processing instruction, and an XML declaration at its very start only. A
// literal "<!" or "<?" can stand nowhere else in well-formed XML, so that they are refused by their bytes, before any
// parser could disagree about them. What Parse costs grows with the length of the document alone.
//
// Why not encoding/xml: it has read all attributes of an element before anybody can count them, and half of what a
// verification costs is its own. The tests hold what is read here against it.
func Parse(doc []byte) (*Element, error) {
	if !utf8.Valid(doc) || bytes.IndexByte(doc, 0) >= 0 {
		return nil, errEncoding
	}
	body, err := afterDeclaration(string(doc))
	if err != nil {
		return nil, err
	}
	if strings.Contains(body, "<!") || strings.Contains(body, "<?") {
		return nil, errMarkup
	}
	if !onlyCharacters(body) {
		return nil, errMalformed
	}
	p := parser{source: body}
	return p.document()
}

// parser builds the tree of a document whose characters have been checked.
type parser struct {
	source string
	at     int // what is in front has been read

	root   *Element
	open   *Element
	depth  int
	scope  scope    // in force in the open element
	attrs  []Attr   // of the tag that is being read
	spaces []string // the namespaces of these
}

func (p *parser) document() (*Element, error) {
	for tokens := 0; p.at < len(p.source); tokens++ {
		if tokens == maxTokens {
			return nil, errTooLarge
		}
		if err := p.token(); err != nil {
			return nil, err
		}
	}
	if p.root == nil || p.open != nil {
		return nil, errMalformed
	}
	return p.root, nil
}

func (p *parser) token() error {
	start := p.at
	switch {
	case p.take("</"):
		return p.endTag()
	case p.take("<"):
		return p.startTag(start)
	}
	return p.text(p.until('<'))
}

func (p *parser) startTag(start int) error {
	if p.open == nil && p.root != nil {
		return errMalformed // a second root
	}
	if p.depth++; p.depth > maxDepth {
		return errTooLarge
	}
	e := &Element{parent: p.open, source: p.source[start:]} // its end is not known yet
	var err error
	if e.Name, err = p.name(); err != nil {
		return err
	}
	empty, err := p.readAttrs()
	if err != nil {
		return err
	}
	e.Attrs = slices.Clone(p.attrs)
	if err := p.resolve(e); err != nil {
		return err
	}
	if p.open == nil {
		p.root = e
	} else {
		p.open.Children = append(p.open.Children, e)
	}
	if p.open = e; empty {
		p.close()
	}
	return nil
}

func (p *parser) endTag() error {
	name, err := p.name()
	if err != nil || p.open == nil || p.open.Name != name {
		return errMalformed
	}
	p.space()
	if !p.take(">") {
		return errMalformed
	}
	p.close()
	return nil
}

// close ends the open element where the parser stands.
func (p *parser) close() {
	e := p.open
	e.source = e.source[:len(e.source)-(len(p.source)-p.at)]
	for _, a := range e.Attrs {
		if _, ok := a.Declares(); ok {
			p.scope = p.scope[:len(p.scope)-1]
		}
	}
	p.open, p.depth = e.parent, p.depth-1
}

func (p *parser) text(raw string) error {
	if p.open == nil {
		if strings.Trim(raw, whiteSpace) != "" {
			return errMalformed
		}
		return nil
	}
	text, err := characterData(raw)
	if err != nil {
		return err
	}
	if n := len(p.open.Children); n > 0 {
		p.open.Children[n-1].Tail = text
	} else {
		p.open.Text = text
	}
	return nil
}

// resolve finds the namespaces of the element and its attributes, and refuses attributes that are the same.
func (p *parser) resolve(e *Element) error {
	for i, a := range e.Attrs {
		if slices.ContainsFunc(e.Attrs[:i], func(b Attr) bool { return b.Name == a.Name }) {
			return errMalformed
		}
		if err := p.declare(a); err != nil {
			return err
		}
	}
	prefix, local := split(e.Name)
	e.local, e.space = local, p.scope.lookup(prefix)
	if prefix != "" && e.space == "" {
		return errMalformed
	}
	p.spaces = p.spaces[:0]
	for i, a := range e.Attrs {
		prefix, local := a.Split()
		if _, ok := a.Declares(); ok || prefix == "" {
			p.spaces = append(p.spaces, "")
			continue
		}
		space := p.scope.lookup(prefix)
		if space == "" {
			return errMalformed
		}
		for j, b := range e.Attrs[:i] {
			if p.spaces[j] == space && strings.HasSuffix(b.Name, ":"+local) {
				return errMalformed
			}
		}
		p.spaces = append(p.spaces, space)
	}
	return nil
}

// declare takes a namespace declaration into force, if the attribute is one.
func (p *parser) declare(a Attr) error {
	prefix, ok := a.Declares()
	if !ok {
		return nil
	}
	reserved := prefix == "xml" || prefix == "xmlns" || a.Value == xmlNamespace || a.Value == xmlnsNamespace
	if reserved || prefix != "" && a.Value == "" {
		return errMalformed
	}
	if len(p.scope) == maxScope || len(a.Value) > maxURI {
		return errAttributes
	}
	p.scope = append(p.scope, declaration{prefix, a.Value})
	return nil
}
