package identitycenter

import (
	"time"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

// instant reads an xs:dateTime attribute of the years 1970 to 9999, which SAML wants in UTC and without leap seconds
// (SAML core, 1.3.3), where it is written as Z.
func instant(n *xmldsig.Element, local string) (time.Time, bool) {
	s, ok := n.Attr(local)
	if !ok || !isDateTime(s) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil && t.Year() >= 1970
}

// isDateTime tells whether the text has the digits and signs of an xs:dateTime in UTC. time.Parse knows the ranges of
// its fields, but reads a comma in front of the fraction and hours of one digit as well.
func isDateTime(s string) bool {
	const form, maxLength = "0000-00-00T00:00:00", 40
	if len(s) <= len(form) || len(s) > maxLength || s[len(s)-1] != 'Z' {
		return false
	}
	for i := range len(form) {
		if form[i] == '0' && !isDigit(s[i]) || form[i] != '0' && form[i] != s[i] {
			return false
		}
	}
	fraction := s[len(form) : len(s)-1]
	for i := range len(fraction) {
		if i == 0 && fraction[i] != '.' || i > 0 && !isDigit(fraction[i]) {
			return false
		}
	}
	return len(fraction) != 1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
