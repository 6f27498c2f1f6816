package xmldsig

import (
	"regexp"
	"strings"
)

// xmlDeclaration is XMLDecl of XML 1.0, 2.8, of version 1.0: the pseudo-attributes have an order, and only the first is
// mandatory. The name of the encoding is in one of two groups.
var xmlDeclaration = regexp.MustCompile(
	`^<\?xml` + pseudo("version", `1\.0`) + optional(pseudo("encoding", `([A-Za-z][A-Za-z0-9._-]*)`)) +
		optional(pseudo("standalone", `(?:yes|no)`)) + `[ \t\r\n]*\?>`)

// pseudo matches a pseudo-attribute in quotes of either kind.
func pseudo(name, value string) string {
	const s = `[ \t\r\n]`
	return s + `+` + name + s + `*=` + s + `*(?:"` + value + `"|'` + value + `')`
}

func optional(pattern string) string { return `(?:` + pattern + `)?` }

// afterDeclaration is the document behind its XML declaration, if it has one. Anything else that begins like a
// processing instruction is left where it is.
func afterDeclaration(doc string) (string, error) {
	if !strings.HasPrefix(doc, "<?xml") {
		return doc, nil
	}
	found := xmlDeclaration.FindStringSubmatchIndex(doc)
	if found == nil {
		return "", errDeclaration
	}
	for group := 1; group <= 2; group++ {
		if at := found[2*group]; at >= 0 && !strings.EqualFold(doc[at:found[2*group+1]], "UTF-8") {
			return "", errEncoding
		}
	}
	return doc[found[1]:], nil
}
