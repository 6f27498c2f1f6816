package identitycenter

import (
	"slices"
	"strings"
)

// canonicaliser writes an element in the form of Exclusive XML Canonicalization 1.0 without comments
// (https://www.w3.org/TR/xml-exc-c14n/), the only one that SAML signatures use.
type canonicaliser struct {
	out       []byte
	skip      *node    // the signature that the enveloped-signature transform leaves out
	inclusive []string // the PrefixList; "" stands for #default
	rendered  []decl   // what the output's ancestors have declared, the innermost last
}

// canonical is the canonical form of the element without skip.
func canonical(n, skip *node, prefixList string) []byte {
	c := canonicaliser{out: make([]byte, 0, n.end-n.start+256), skip: skip, inclusive: strings.Fields(prefixList)}
	for i, p := range c.inclusive {
		if p == "#default" {
			c.inclusive[i] = ""
		}
	}
	c.element(n)
	return c.out
}

func (c *canonicaliser) element(n *node) {
	depth := len(c.rendered)
	c.out = append(c.out, '<')
	c.name(n.prefix, n.local)
	for _, d := range c.declarations(n) {
		c.out = append(c.out, " xmlns"...)
		if d.prefix != "" {
			c.out = append(append(c.out, ':'), d.prefix...)
		}
		c.value(d.uri)
	}
	attrs := n.attrs
	if !slices.IsSortedFunc(attrs, compareAttrs) {
		attrs = slices.SortedFunc(slices.Values(attrs), compareAttrs)
	}
	for _, a := range attrs {
		c.out = append(c.out, ' ')
		c.name(a.prefix, a.local)
		c.value(a.value)
	}
	c.out = append(c.out, '>')
	for _, child := range n.children {
		switch child := child.(type) {
		case string:
			c.text(child)
		case *node:
			if child != c.skip {
				c.element(child)
			}
		}
	}
	c.out = append(c.out, "</"...)
	c.name(n.prefix, n.local)
	c.out = append(c.out, '>')
	c.rendered = c.rendered[:depth]
}

func (c *canonicaliser) name(prefix, local string) {
	if prefix != "" {
		c.out = append(append(c.out, prefix...), ':')
	}
	c.out = append(c.out, local...)
}

// declarations are the namespaces to declare at the element, sorted by prefix: those that it visibly utilises and
// those of the PrefixList, where the output's nearest declaration says something else.
func (c *canonicaliser) declarations(n *node) []decl {
	depth := len(c.rendered)
	c.declare(n, n.prefix)
	for _, a := range n.attrs {
		if a.prefix != "" {
			c.declare(n, a.prefix)
		}
	}
	for _, p := range c.inclusive {
		c.declare(n, p)
	}
	added := c.rendered[depth:]
	slices.SortFunc(added, func(a, b decl) int { return strings.Compare(a.prefix, b.prefix) })
	return added
}

func (c *canonicaliser) declare(n *node, prefix string) {
	uri, bound := n.lookup(prefix)
	if !bound || prefix == "xml" {
		return
	}
	shown := ""
	for _, d := range c.rendered {
		if d.prefix == prefix {
			shown = d.uri
		}
	}
	if shown != uri {
		c.rendered = append(c.rendered, decl{prefix, uri})
	}
}

func compareAttrs(a, b attr) int {
	if d := strings.Compare(a.space, b.space); d != 0 {
		return d
	}
	return strings.Compare(a.local, b.local)
}

func (c *canonicaliser) value(s string) {
	c.out = append(c.out, '=', '"')
	c.escaped(s, `&<"`+"\t\n\r")
	c.out = append(c.out, '"')
}

func (c *canonicaliser) text(s string) { c.escaped(s, "&<>\r") }

func (c *canonicaliser) escaped(s, special string) {
	for {
		i := strings.IndexAny(s, special)
		if i < 0 {
			c.out = append(c.out, s...)
			return
		}
		c.out = append(c.out, s[:i]...)
		c.out = append(c.out, references[s[i]]...)
		s = s[i+1:]
	}
}

// references are the character references of the canonical form.
var references = map[byte]string{
	'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\t': "&#x9;", '\n': "&#xA;", '\r': "&#xD;",
}
