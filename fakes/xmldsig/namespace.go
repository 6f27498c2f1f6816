package xmldsig

// Namespaces that are bound without a declaration (Namespaces in XML 1.0, 3).
const (
	xmlNamespace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsNamespace = "http://www.w3.org/2000/xmlns/"
)

// scope holds namespace declarations in force, the innermost last.
type scope []declaration

type declaration struct{ prefix, uri string }

// lookup is the URI that the prefix is bound to; empty where it is not bound.
func (s scope) lookup(prefix string) string {
	if prefix == "xml" {
		return xmlNamespace
	}
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].prefix == prefix {
			return s[i].uri
		}
	}
	return ""
}

// ofAttr is the URI of an attribute's namespace: without a prefix it is in none.
func (s scope) ofAttr(prefix string) string {
	if prefix == "" {
		return ""
	}
	return s.lookup(prefix)
}

// around is what the ancestors of an element declare.
func around(e *Element) scope {
	if e.parent == nil {
		return nil
	}
	s := around(e.parent)
	for _, a := range e.parent.Attrs {
		if prefix, ok := a.Declares(); ok {
			s = append(s, declaration{prefix, a.Value})
		}
	}
	return s
}
