package xmldsig

import (
	"cmp"
	"slices"
	"strings"
)

// canonicalizer writes an element in the form of Exclusive XML Canonicalization 1.0 without comments.
type canonicalizer struct {
	out       []byte
	skip      *Element // the signature that the enveloped-signature transform leaves out
	inclusive []string // the PrefixList; "" stands for #default
	scope     scope    // in force here
	rendered  scope    // what the output's ancestors have declared

	attrs    []canonicalAttr // of the element that is being written
	prefixes []string        // of the same
}

type canonicalAttr struct{ space, local, name, value string }

// canonical appends to out the canonical form of the element without skip, as the apex of a document subset. What the
// element uses must be declared by itself or by its ancestors.
func canonical(out []byte, e, skip *Element, prefixList string) []byte {
	c := canonicalizer{out: out, skip: skip, inclusive: strings.Fields(prefixList), scope: around(e)}
	for i, p := range c.inclusive {
		if p == "#default" {
			c.inclusive[i] = ""
		}
	}
	c.element(e)
	return c.out
}

func (c *canonicalizer) element(e *Element) {
	scope, rendered := len(c.scope), len(c.rendered)
	c.out = append(append(c.out, '<'), e.Name...)
	c.enter(e)
	c.declare()
	for _, a := range c.attrs {
		c.out = appendAttr(c.out, a.name, a.value)
	}
	c.out = append(c.out, '>')
	c.out = appendEscaped(c.out, e.Text, &textReferences)
	for _, child := range e.Children {
		if child != c.skip {
			c.element(child)
		}
		c.out = appendEscaped(c.out, child.Tail, &textReferences)
	}
	c.out = appendEnd(c.out, e.Name)
	c.scope, c.rendered = c.scope[:scope], c.rendered[:rendered]
}

// enter takes the element's declarations into force and notes its attributes, sorted by namespace URI and local name,
// and the prefixes that may have to be declared: those that it visibly utilizes and those of the PrefixList.
func (c *canonicalizer) enter(e *Element) {
	prefix, _ := split(e.Name)
	c.attrs, c.prefixes = c.attrs[:0], append(append(c.prefixes[:0], prefix), c.inclusive...)
	for _, a := range e.Attrs {
		if prefix, ok := a.Declares(); ok {
			c.scope = append(c.scope, declaration{prefix, a.Value})
		}
	}
	for _, a := range e.Attrs {
		if _, ok := a.Declares(); ok {
			continue
		}
		prefix, local := a.Split()
		if prefix != "" {
			c.prefixes = append(c.prefixes, prefix)
		}
		c.attrs = append(c.attrs, canonicalAttr{c.scope.ofAttr(prefix), local, a.Name, a.Value})
	}
	slices.SortFunc(c.attrs, func(a, b canonicalAttr) int {
		return cmp.Or(strings.Compare(a.space, b.space), strings.Compare(a.local, b.local))
	})
	slices.Sort(c.prefixes)
	c.prefixes = slices.Compact(c.prefixes)
}

// declare writes the namespaces where the output's nearest declaration says something else.
func (c *canonicalizer) declare() {
	for _, prefix := range c.prefixes {
		uri := c.scope.lookup(prefix)
		if prefix == "xml" || c.rendered.lookup(prefix) == uri {
			continue
		}
		c.rendered = append(c.rendered, declaration{prefix, uri})
		name := "xmlns"
		if prefix != "" {
			name += ":" + prefix
		}
		c.out = appendAttr(c.out, name, uri)
	}
}
