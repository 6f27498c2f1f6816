package xmldsig

import (
	"errors"
	"strings"
	"testing"
)

var badDeclarations = map[string]error{
	`<?xml?>`:                                                 errDeclaration,
	`<?xml ?>`:                                                errDeclaration,
	`<?xml nonsense?>`:                                        errDeclaration,
	`<?xml version="1.1"?>`:                                   errDeclaration,
	`<?xml version="2.0"?>`:                                   errDeclaration,
	`<?xml version=1.0?>`:                                     errDeclaration,
	`<?xml version="1.0'?>`:                                   errDeclaration,
	`<?xml version="1.0" version="1.0"?>`:                     errDeclaration,
	`<?xml encoding="UTF-8"?>`:                                errDeclaration,
	`<?xml encoding="UTF-8" version="1.0"?>`:                  errDeclaration,
	`<?xml version="1.0"encoding="UTF-8"?>`:                   errDeclaration,
	`<?xml version="1.0" encoding=""?>`:                       errDeclaration,
	`<?xml version="1.0" encoding="UTF-8" x=""?>`:             errDeclaration,
	`<?xml version="1.0" standalone="maybe"?>`:                errDeclaration,
	`<?xml version="1.0" standalone="YES"?>`:                  errDeclaration,
	`<?xml version="1.0" standalone="yes" encoding="UTF-8"?>`: errDeclaration,
	"<?xml\fversion=\"1.0\"?>":                                errDeclaration,
	`<?xml version="1.0">`:                                    errDeclaration,
	`<?xmlversion="1.0"?>`:                                    errDeclaration,
	`<?xml-stylesheet href="x"?>`:                             errDeclaration,
	`<?XML version="1.0"?>`:                                   errMarkup,
	`<?xml version="1.0" encoding="UTF-7"?>`:                  errEncoding,
	`<?xml version="1.0" encoding="UTF-16"?>`:                 errEncoding,
	`<?xml version="1.0" encoding='utf8'?>`:                   errEncoding,
	` <?xml version="1.0"?>`:                                  errMarkup,
	`<?xml version="1.0"?><?xml version="1.0"?>`:              errMarkup,
	`<?xml version="1.0"?><?x?>`:                              errMarkup,
	`<?xml version="1.0"?><!DOCTYPE a>`:                       errMarkup,
	"\uFEFF":                                                  errMalformed,
	"\uFEFF" + `<?xml version="1.0"?>`:                        errMarkup,
}

func TestDeclarations(t *testing.T) {
	for _, good := range []string{
		``, `<?xml version="1.0"?>`, `<?xml version='1.0'?>`, `<?xml version="1.0" encoding="UTF-8"?>`,
		`<?xml version="1.0" encoding='utf-8' standalone="yes"?>`, `<?xml version="1.0" standalone='no'?>`,
		"<?xml\tversion = \"1.0\"\r\n encoding\n=\n\"Utf-8\" ?>\n",
	} {
		if root, err := Parse([]byte(good + "<a/>")); err != nil || root.Name != "a" {
			t.Errorf("%s: %v", good, err)
		}
		if _, err := othersRead([]byte(good + "<a/>")); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range badDeclarations {
		if _, err := Parse([]byte(bad + "<a/>")); !errors.Is(err, want) {
			t.Errorf("%q: error %v, want %v", bad, err, want)
		}
	}
}

var refusedDocuments = map[string]error{
	"":                                      errMalformed,
	"text":                                  errMalformed,
	"<a/><b/>":                              errMalformed,
	"<a/>text":                              errMalformed,
	"text<a/>":                              errMalformed,
	"<a>":                                   errMalformed,
	"<a></b>":                               errMalformed,
	"</a>":                                  errMalformed,
	"<a><b></a></b>":                        errMalformed,
	"<p:a xmlns:p='u'></a>":                 errMalformed,
	"<p:a xmlns:p='u'></p:b>":               errMalformed,
	"<a/":                                   errMalformed,
	"<a b='/>":                              errMalformed,
	"<a b=c/>":                              errMalformed,
	"<a b/>":                                errMalformed,
	"<a b='1' b='2'/>":                      errMalformed,
	"<a b='<'/>":                            errMalformed,
	"<a b='1\n2'/>":                         errMalformed,
	"<a b='1&#9;2'/>":                       errMalformed,
	"<a>&who;</a>":                          errMalformed,
	"<a>]]></a>":                            errMalformed,
	"<p:a/>":                                errMalformed,
	"<a p:b=''/>":                           errMalformed,
	"<xmlns:a/>":                            errMalformed,
	"<a:b:c xmlns:a='u'/>":                  errMalformed,
	"<:a/>":                                 errMalformed,
	"<a :b=''/>":                            errMalformed,
	"<a b:=''/>":                            errMalformed,
	"<1a/>":                                 errMalformed,
	"<é/>":                                  errMalformed,
	"<a é=''/>":                             errMalformed,
	"<a xmlns:p=''/>":                       errMalformed,
	"<a xmlns:=''/>":                        errMalformed,
	"<a xmlns:xml='u'/>":                    errMalformed,
	"<a xmlns:xmlns='u'/>":                  errMalformed,
	"<a xmlns='" + xmlNamespace + "'/>":     errMalformed,
	"<a xmlns:p='" + xmlnsNamespace + "'/>": errMalformed,
	"<a xmlns:p='u' xmlns:p='v'/>":          errMalformed,
	"<a xmlns='u' xmlns='u'/>":              errMalformed,
	"<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>":         errMalformed,
	"<a xmlns='" + strings.Repeat("u", maxURI+1) + "'/>": errAttributes,
	"<a><!-- --></a>":      errMarkup,
	"<a><![CDATA[x]]></a>": errMarkup,
	"<a><?x?></a>":         errMarkup,
	"<!DOCTYPE a><a/>":     errMarkup,
	"<a>\x00</a>":          errEncoding,
	"<a>\xff</a>":          errEncoding,
	"<a>\x01</a>":          errMalformed,
	"<a>\uFFFE</a>":        errMalformed,
}

func TestParseRefuses(t *testing.T) {
	for doc, want := range refusedDocuments {
		if _, err := Parse([]byte(doc)); !errors.Is(err, want) {
			t.Errorf("%q: error %v, want %v", doc, err, want)
		}
	}
}

func TestParse(t *testing.T) {
	doc := `<?xml version="1.0"?> <p:a xmlns:p="u" xmlns="v"> one <b p:c="1" c="2">é</b> two <p:b/><b/></p:a> `
	root := parsed(t, []byte(doc))
	b := root.Children[0]
	if !root.Is("u", "a") || !b.Is("v", "b") || b.Parent() != root || len(root.Children) != 3 {
		t.Errorf("read %+v", root)
	}
	if root.Text != " one " || b.Text != "é" || b.Tail != " two " || root.Blank() || !root.Children[1].Blank() {
		t.Errorf("text %q, %q, %q", root.Text, b.Text, b.Tail)
	}
	if got := b.Source(); got != `<b p:c="1" c="2">é</b>` {
		t.Errorf("source %s", got)
	}
	if got := root.Source(); got != strings.TrimSpace(doc[len(`<?xml version="1.0"?>`):]) {
		t.Errorf("source %s", got)
	}
	if c, ok := b.Attr("c"); !ok || c != "2" {
		t.Errorf("attribute %q", c)
	}
	if root.Only("v", "b") != nil || root.Only("u", "b") != root.Children[1] || root.Only("w", "b") != nil {
		t.Error("Only finds others")
	}
	if _, ok := root.Value(); ok {
		t.Error("an element with children has a value")
	}
}
