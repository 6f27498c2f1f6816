package xmldsig

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
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

// Parse reads a document in the narrow dialect that SAML needs: XML 1.0 with namespaces in UTF-8, one root, no comment,
// CDATA, document type, entity of its own or processing instruction, and an XML declaration at its very start only. A
// literal "<!" or "<?" can stand nowhere else in well-formed XML, so that they are refused by their bytes, before any
// parser could disagree about them. What Parse costs grows with the length of the document alone.
func Parse(doc []byte) (*Element, error) {
	if !utf8.Valid(doc) || bytes.IndexByte(doc, 0) >= 0 {
		return nil, errEncoding
	}
	body, err := afterDeclaration(doc)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(body, []byte("<!")) || bytes.Contains(body, []byte("<?")) {
		return nil, errMarkup
	}
	if err := checkAttrs(body); err != nil {
		return nil, err
	}
	p := parser{source: body, decoder: xml.NewDecoder(bytes.NewReader(body))}
	return p.document()
}

type parser struct {
	source  []byte
	decoder *xml.Decoder
	root    *Element
	open    *Element
	scope   scope    // in force in the open element
	spaces  []string // of the attributes of the element that is being read
	depth   int
}

func (p *parser) document() (*Element, error) {
	for tokens := 0; ; tokens++ {
		start := p.decoder.InputOffset()
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errMalformed
		}
		if tokens == maxTokens {
			return nil, errTooLarge
		}
		if err := p.take(token, start); err != nil {
			return nil, err
		}
	}
	if p.root == nil || p.open != nil {
		return nil, errMalformed
	}
	return p.root, nil
}

func (p *parser) take(token xml.Token, start int64) error {
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t, start)
	case xml.EndElement:
		return p.end(t)
	case xml.CharData:
		return p.text(string(t))
	}
	return errMarkup
}

func (p *parser) start(t xml.StartElement, start int64) error {
	if p.open == nil && p.root != nil {
		return errMalformed // a second root
	}
	if p.depth++; p.depth > maxDepth {
		return errTooLarge
	}
	e := &Element{
		Name: written(t.Name), Attrs: make([]Attr, 0, len(t.Attr)), parent: p.open, local: t.Name.Local,
		source: p.source[start:], // cut at its end
	}
	for _, a := range t.Attr {
		if err := p.attr(e, a); err != nil {
			return err
		}
	}
	if len(p.scope) > maxScope {
		return errAttributes
	}
	if err := p.resolve(e, t); err != nil {
		return err
	}
	if p.open == nil {
		p.root = e
	} else {
		p.open.Children = append(p.open.Children, e)
	}
	p.open = e
	return nil
}

func (p *parser) end(t xml.EndElement) error {
	e := p.open
	if e == nil {
		return errMalformed
	}
	if prefix, local := split(e.Name); prefix != t.Name.Space || local != t.Name.Local {
		return errMalformed
	}
	e.source = e.source[:len(e.source)-len(p.source)+int(p.decoder.InputOffset())]
	for _, a := range e.Attrs {
		if _, ok := a.Declares(); ok {
			p.scope = p.scope[:len(p.scope)-1]
		}
	}
	p.open, p.depth = e.parent, p.depth-1
	return nil
}

func (p *parser) text(s string) error {
	switch {
	case p.open == nil:
		if strings.Trim(s, whiteSpace) != "" {
			return errMalformed
		}
	case len(p.open.Children) == 0:
		p.open.Text += s
	default:
		p.open.Children[len(p.open.Children)-1].Tail += s
	}
	return nil
}

// attr takes an attribute as it was written. White space other than the blank is refused in values: parsers differ over
// it.
func (p *parser) attr(e *Element, raw xml.Attr) error {
	a := Attr{written(raw.Name), raw.Value}
	for _, b := range e.Attrs {
		if b.Name == a.Name {
			return errMalformed
		}
	}
	if strings.ContainsAny(a.Value, "\t\r\n") {
		return errMalformed
	}
	e.Attrs = append(e.Attrs, a)
	prefix, ok := a.Declares()
	if !ok {
		return nil
	}
	reserved := prefix == "xml" || prefix == "xmlns" || a.Value == xmlNamespace || a.Value == xmlnsNamespace
	if reserved || (a.Name != "xmlns" && (a.Value == "" || !IsNCName(prefix))) {
		return errMalformed
	}
	if len(a.Value) > maxURI {
		return errAttributes
	}
	p.scope = append(p.scope, declaration{prefix, a.Value})
	return nil
}

// resolve finds the namespace of the element, and refuses attributes that are the same once theirs are found.
func (p *parser) resolve(e *Element, t xml.StartElement) error {
	e.space = p.scope.lookup(t.Name.Space)
	if !IsNCName(e.local) || t.Name.Space != "" && (e.space == "" || !IsNCName(t.Name.Space)) {
		return errMalformed
	}
	p.spaces = p.spaces[:0]
	for i, a := range t.Attr {
		p.spaces = append(p.spaces, "")
		if _, ok := e.Attrs[i].Declares(); ok {
			continue
		}
		space := p.scope.ofAttr(a.Name.Space)
		if !IsNCName(a.Name.Local) || a.Name.Space != "" && (space == "" || !IsNCName(a.Name.Space)) {
			return errMalformed
		}
		for j, b := range t.Attr[:i] {
			if space != "" && p.spaces[j] == space && b.Name.Local == a.Name.Local {
				return errMalformed
			}
		}
		p.spaces[i] = space
	}
	return nil
}

// written is a name with its prefix, of a token whose names are not resolved.
func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
