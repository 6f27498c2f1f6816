package xmldsig

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// take reads the token, if it comes next.
func (p *parser) take(token string) bool {
	found := strings.HasPrefix(p.source[p.at:], token)
	if found {
		p.at += len(token)
	}
	return found
}

// until reads what stands in front of the character, or all that is left.
func (p *parser) until(c byte) string {
	rest := p.source[p.at:]
	if i := strings.IndexByte(rest, c); i >= 0 {
		rest = rest[:i]
	}
	p.at += len(rest)
	return rest
}

// space reads white space and tells whether there was any.
func (p *parser) space() bool {
	rest := p.source[p.at:]
	n := len(rest) - len(strings.TrimLeft(rest, whiteSpace))
	p.at += n
	return n > 0
}

// name reads the name of an element or attribute: one NCName, or two with a colon.
func (p *parser) name() (string, error) {
	rest := p.source[p.at:]
	n := 0
	for n < len(rest) && (rest[n] == ':' || nameCharacter(rest[n])) {
		n++
	}
	p.at += n
	prefix, local, prefixed := strings.Cut(rest[:n], ":")
	if !IsNCName(prefix) || prefixed && !IsNCName(local) {
		return "", errMalformed
	}
	return rest[:n], nil
}

// readAttrs reads the attributes of a start tag through its end, and tells whether it is the tag of an empty element.
// They are counted as they come: an attribute too many is not read.
func (p *parser) readAttrs() (empty bool, err error) {
	p.attrs = p.attrs[:0]
	for {
		spaced := p.space()
		switch {
		case p.take(">"):
			return false, nil
		case p.take("/>"):
			return true, nil
		case !spaced:
			return false, errMalformed
		case len(p.attrs) == maxAttrs:
			return false, errAttributes
		}
		a, err := p.attr()
		if err != nil {
			return false, err
		}
		p.attrs = append(p.attrs, a)
	}
}

// attr reads an attribute. White space other than the blank is refused in its value: parsers differ over it.
func (p *parser) attr() (Attr, error) {
	name, err := p.name()
	if err != nil {
		return Attr{}, err
	}
	p.space()
	equals := p.take("=")
	p.space()
	var quote byte
	switch {
	case p.take(`"`):
		quote = '"'
	case p.take(`'`):
		quote = '\''
	}
	if !equals || quote == 0 {
		return Attr{}, errMalformed
	}
	raw := p.until(quote)
	if strings.IndexByte(raw, '<') >= 0 || !p.take(string(quote)) {
		return Attr{}, errMalformed
	}
	value, err := dereferenced(raw)
	if err != nil || strings.ContainsAny(value, "\t\r\n") {
		return Attr{}, errMalformed
	}
	return Attr{name, value}, nil
}

// characterData is what stands between tags, its lines ended as XML 1.0, 2.11, asks.
func characterData(raw string) (string, error) {
	if strings.Contains(raw, "]]>") {
		return "", errMalformed
	}
	if strings.IndexByte(raw, '\r') >= 0 {
		raw = strings.ReplaceAll(strings.ReplaceAll(raw, "\r\n", "\n"), "\r", "\n")
	}
	return dereferenced(raw)
}

// entities are the predefined ones of XML 1.0, 4.6.
var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

// dereferenced replaces references to characters and to the predefined entities.
func dereferenced(raw string) (string, error) {
	before, rest, found := strings.Cut(raw, "&")
	if !found {
		return raw, nil
	}
	var out strings.Builder
	for found {
		out.WriteString(before)
		name, after, closed := strings.Cut(rest, ";")
		character, ok := entities[name]
		if number, isNumber := strings.CutPrefix(name, "#"); isNumber {
			character, ok = characterOf(number)
		}
		if !closed || !ok {
			return "", errMalformed
		}
		out.WriteString(character)
		before, rest, found = strings.Cut(after, "&")
	}
	out.WriteString(before)
	return out.String(), nil
}

// characterOf is the character of a reference's number, which is decimal, or hexadecimal behind an x.
func characterOf(number string) (string, bool) {
	base := 10
	if digits, ok := strings.CutPrefix(number, "x"); ok {
		number, base = digits, 16
	}
	n, err := strconv.ParseUint(number, base, 21)
	character := string(rune(n))
	return character, err == nil && n != 0 && utf8.ValidRune(rune(n)) && onlyCharacters(character)
}

// onlyCharacters tells whether the text, which is UTF-8, has only the characters that XML 1.0, 2.2, allows.
func onlyCharacters(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return !strings.Contains(text, "\uFFFE") && !strings.Contains(text, "\uFFFF")
}
