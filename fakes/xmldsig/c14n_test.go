package xmldsig

import (
	"os/exec"
	"strings"
	"testing"
)

var canonicalForms = map[string]struct{ doc, path, prefixList, want string }{
	"attributes and declarations are sorted": {
		doc:  `<a:e xmlns:b="urn:2" xmlns:a="urn:1" b:x="1" a:x="2" z="3" y='4'/>`,
		want: `<a:e xmlns:a="urn:1" xmlns:b="urn:2" y="4" z="3" a:x="2" b:x="1"></a:e>`,
	},
	"by the URI, not by the prefix": {
		doc:  `<e xmlns:a="urn:2" xmlns:b="urn:1" a:x="2" b:x="1"/>`,
		want: `<e xmlns:a="urn:2" xmlns:b="urn:1" b:x="1" a:x="2"></e>`,
	},
	"an unused declaration is left out": {
		doc: `<e xmlns:a="urn:1"><f a:x=""/></e>`, want: `<e><f xmlns:a="urn:1" a:x=""></f></e>`,
	},
	"unless it is on the PrefixList": {
		doc: `<e xmlns:a="urn:1"><f a:x=""/></e>`, prefixList: "a b",
		want: `<e xmlns:a="urn:1"><f a:x=""></f></e>`,
	},
	"#default": {
		doc: `<a:e xmlns="urn:d" xmlns:a="urn:1"/>`, prefixList: "#default",
		want: `<a:e xmlns="urn:d" xmlns:a="urn:1"></a:e>`,
	},
	"a default namespace that is taken back": {
		doc:  `<e xmlns="urn:d"><f xmlns=""><g xmlns="urn:d"/></f></e>`,
		want: `<e xmlns="urn:d"><f xmlns=""><g xmlns="urn:d"></g></f></e>`,
	},
	"a prefix that is bound anew": {
		doc:  `<a:e xmlns:a="urn:1"><a:f xmlns:a="urn:2"><a:g/></a:f><a:h/></a:e>`,
		want: `<a:e xmlns:a="urn:1"><a:f xmlns:a="urn:2"><a:g></a:g></a:f><a:h></a:h></a:e>`,
	},
	"from an apex within (exc-c14n, 2.2)": {
		doc: `<n0:local xmlns:n0="foo:bar" xmlns:n3="ftp://example.org"><n1:elem2 xmlns:n1="http://example.net" ` +
			`xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2></n0:local>`,
		path: "elem2",
		want: `<n1:elem2 xmlns:n1="http://example.net" xml:lang="en">` +
			`<n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>`,
	},
	"characters that are replaced": {
		doc:  `<e a="&quot;&apos;&lt;&gt;&amp;">&#9;&#13;"'&lt;&gt;&amp;é</e>`,
		want: "<e a=\"&quot;'&lt;>&amp;\">\t&#xD;\"'&lt;&gt;&amp;é</e>",
	},
	"what stands around the root": {doc: "<?xml version='1.0'?>\n<e> <f/>\r\n</e>\n", want: "<e> <f></f>\n</e>"},
}

func TestCanonical(t *testing.T) {
	for name, c := range canonicalForms {
		t.Run(name, func(t *testing.T) {
			e := parsed(t, []byte(c.doc))
			if c.path != "" {
				e = child(e, c.path)
			}
			if got := string(canonical(nil, e, nil, c.prefixList)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestCanonicalForXmllint asks libxml2, which knows all of it but cannot be told a PrefixList here.
func TestCanonicalForXmllint(t *testing.T) {
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed")
	}
	for name, c := range canonicalForms {
		if c.prefixList != "" || c.path != "" {
			continue
		}
		command := exec.CommandContext(t.Context(), tool, "--nonet", "--exc-c14n", "-")
		command.Stdin = strings.NewReader(c.doc)
		if got, err := command.Output(); err != nil || strings.TrimSuffix(string(got), "\n") != c.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", name, err, got, c.want)
		}
	}
}

// FuzzCanonical: what is read here every other parser reads, encoding/xml reads the same, and it has the canonical form
// that goxmldsig gives it; what is written of it has that form too.
func FuzzCanonical(f *testing.F) {
	for _, style := range []Style{ds, plain} {
		f.Add(string(Document(message(f, style, "é<&>'\""))), style.PrefixList)
	}
	f.Add(`<a:b xmlns:a="urn:a" xmlns:c="urn:c" z="&quot;&lt;&gt;" c:y="1" a="2"><c:d xmlns:c="urn:other" c:x="1"/>`+
		` &gt;&#13;</a:b>`, "c")
	f.Add(`<b xmlns="urn:a"><c xmlns="urn:b"><d xmlns="urn:a"/></c></b>`, "#default a")
	f.Add(`<a xmlns:b="urn:2" xmlns:c="urn:1" b:x='>' c:x="" x = "/>"  ><c:d xml:lang='en'/>&#x10FFFF;&apos;</a >`, "")
	f.Add(`<?xml version='1.0' encoding='utf-8' standalone="no" ?><b/>`, "")
	f.Fuzz(func(t *testing.T, doc, prefixList string) {
		root, err := Parse([]byte(doc))
		if err != nil {
			return
		}
		got := string(canonical(nil, root, nil, prefixList))
		again := parsed(t, Document(root))
		if form := string(canonical(nil, again, nil, prefixList)); form != got {
			t.Errorf("ours      %s\nrewritten %s", got, form)
		}
		tree, err := othersRead([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if ours, theirs := outline(root), othersOutline(t, doc); ours != theirs {
			t.Errorf("read   %s\ntheirs %s", ours, theirs)
		}
		if want, ok := othersCanonical(tree, prefixList); ok && got != want {
			t.Errorf("ours   %s\ntheirs %s", got, want)
		}
	})
}
