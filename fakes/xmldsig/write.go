package xmldsig

// Document is the root as it is sent, behind an XML declaration.
func Document(root *Element) []byte {
	out := make([]byte, 0, 10<<10)
	out = append(out, `<?xml version="1.0" encoding="UTF-8"?>`...)
	return root.appendTo(out)
}

// appendTo appends the element as it is sent, attributes in the order that they have here.
func (e *Element) appendTo(out []byte) []byte {
	out = append(append(out, '<'), e.Name...)
	for _, a := range e.Attrs {
		out = appendAttr(out, a.Name, a.Value)
	}
	if e.Text == "" && len(e.Children) == 0 {
		return append(out, "/>"...)
	}
	out = append(out, '>')
	out = appendEscaped(out, e.Text, &textReferences)
	for _, c := range e.Children {
		out = c.appendTo(out)
		out = appendEscaped(out, c.Tail, &textReferences)
	}
	return appendEnd(out, e.Name)
}

func appendAttr(out []byte, name, value string) []byte {
	out = append(append(append(out, ' '), name...), `="`...)
	return append(appendEscaped(out, value, &attrReferences), '"')
}

func appendEnd(out []byte, name string) []byte {
	return append(append(append(out, "</"...), name...), '>')
}

// textReferences and attrReferences are what Canonical XML 1.0, 2.3, replaces in character data and in attribute
// values. It suits what is sent as well.
var (
	textReferences = [256]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '\r': "&#xD;"}
	attrReferences = [256]string{
		'&': "&amp;", '<': "&lt;", '"': "&quot;", '\t': "&#x9;", '\n': "&#xA;", '\r': "&#xD;",
	}
)

func appendEscaped(out []byte, text string, references *[256]string) []byte {
	last := 0
	for i := range len(text) {
		if ref := references[text[i]]; ref != "" {
			out = append(append(out, text[last:i]...), ref...)
			last = i + 1
		}
	}
	return append(out, text[last:]...)
}
