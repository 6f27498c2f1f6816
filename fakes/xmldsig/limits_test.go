package xmldsig

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// numbered repeats a format with the numbers from 0.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	nested := func(n int, attrs string) string {
		return strings.Repeat("<a"+attrs+">", n) + strings.Repeat("</a>", n)
	}
	declared := func(n int) string { // a level has half of what it may have
		var open strings.Builder
		for at := 0; at < n; at += maxAttrs / 2 {
			fmt.Fprintf(&open, "<a%s>", numbered(min(maxAttrs/2, n-at), " xmlns:p"+fmt.Sprint(at)+"_%d='u'"))
		}
		return open.String() + strings.Repeat("</a>", strings.Count(open.String(), "<"))
	}
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"attributes":                   {"<a" + numbered(maxAttrs, " b%d=''") + "/>", nil},
		"too many attributes":          {"<a" + numbered(maxAttrs+1, " b%d=''") + "/>", errAttributes},
		"too many of both":             {"<a" + numbered(maxAttrs-1, " b%d=''") + " xmlns='u' xmlns:p='v'/>", errAttributes},
		"too many in an end tag":       {"<a></a" + numbered(maxAttrs+1, " b%d=''") + ">", errMalformed},
		"quotes in text":               {"<a>" + strings.Repeat(`"'=`, 1000) + "</a>", nil},
		"quotes and tags' ends":        {"<a b='" + strings.Repeat(`">`, 1000) + "'/>", nil},
		"declarations in force":        {declared(maxScope), nil},
		"too many of them":             {declared(maxScope + 1), errAttributes},
		"declarations one after other": {"<a>" + strings.Repeat("<b xmlns='u' xmlns:p='v'/>", maxScope) + "</a>", nil},
		"long URI":                     {"<a xmlns='" + strings.Repeat("u", maxURI) + "'/>", nil},
		"deep":                         {nested(maxDepth, " xmlns='u'"), nil},
		"too deep":                     {nested(maxDepth+1, ""), errTooLarge},
		"tokens":                       {"<a>" + strings.Repeat("<b/>", maxTokens-2) + "</a>", nil},
		"too many tokens":              {"<a>" + strings.Repeat("<b/>", maxTokens-2) + " </a>", errTooLarge},
	} {
		if _, err := Parse([]byte(c.doc)); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}

// Of too many attributes none is read beyond the limit, so that nothing compares them.
func TestAttributesAreCountedBeforeTheyAreCompared(t *testing.T) {
	doc := "<a><a" + numbered(22_102, " b%d=''") + "/></a>"
	p := parser{source: doc}
	if _, err := p.document(); !errors.Is(err, errAttributes) {
		t.Errorf("error %v", err)
	}
	if read := doc[:p.at]; len(p.attrs) != maxAttrs || strings.Count(read, "=") != maxAttrs || p.open.Attrs != nil {
		t.Errorf("%d attributes are held, %d read, %v kept", len(p.attrs), strings.Count(read, "="), p.open.Attrs)
	}
}

// The canonical form of whatever is read stays within a bound, however often it has to declare a namespace anew.
func TestCanonicalFormIsBounded(t *testing.T) {
	uri := strings.Repeat("u", maxURI-5)
	names := numbered(maxAttrs, " xmlns:p%[1]d='"+uri+"%[1]d'")
	doc := "<a" + names + ">" + strings.Repeat("<b"+numbered(maxAttrs, " p%d:c=''")+"/>", 500) + "</a>"
	root := parsed(t, []byte(doc))
	if got, most := len(canonical(nil, root, nil, "")), len(doc)+500*maxAttrs*(maxURI+20); got > most {
		t.Errorf("%d bytes of %d, at most %d", got, len(doc), most)
	}
}

// BenchmarkParse is the cost of what a stranger may send: too many attributes, and the dearest that is still read.
func BenchmarkParse(b *testing.B) {
	const size = 190_000 // bytes, as the ACS decodes of a form of 253 KB
	filled := func(head, part, tail string) string {
		return head + strings.Repeat(part, min((size-len(head)-len(tail))/len(part), maxTokens-2*maxDepth)) + tail
	}
	declarations := "<a" + numbered(maxAttrs, " xmlns:p%[1]d='u%[1]d'") +
		"><a" + numbered(maxAttrs, " xmlns:q%[1]d='v%[1]d'") + ">"
	for name, doc := range map[string]string{
		"22,102 attributes": "<a" + numbered(22_102, " b%d=''") + "/>",
		"most attributes":   filled("<a>", "<b"+numbered(maxAttrs, " b%d=''")+"/>", "</a>"),
		"most lookups":      filled(declarations, "<b"+numbered(maxAttrs, " p%d:c=''")+"/>", "</a></a>"),
		"most elements":     filled("<a>", "<b/>", "</a>"),
		"signed":            string(Document(message(b, ds, "Ann"))),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				_, _ = Parse([]byte(doc))
			}
		})
	}
}
