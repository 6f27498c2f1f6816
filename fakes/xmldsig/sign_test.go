package xmldsig

import (
	"strings"
	"testing"
)

// FuzzSign: whatever a message says, its signatures hold for us and for goxmldsig, and nothing of it is lost.
func FuzzSign(f *testing.F) {
	f.Add("Ann Example", true)
	f.Add("é<&>'\"]]>", false)
	f.Add("\t\r\n", true)
	f.Fuzz(func(t *testing.T, text string, prefixed bool) {
		style := plain
		if prefixed {
			style = ds
		}
		doc := Document(message(t, style, text))
		root, err := Parse(doc)
		if err != nil {
			if strings.ContainsAny(text, "\t\r\n") || strings.ContainsFunc(text, notAllowed) {
				return // refused in attributes, or no character of XML
			}
			t.Fatal(err)
		}
		assertion := child(root, "Assertion")
		if got := child(assertion, "Value").Text; got != text {
			t.Errorf("reads %q, want %q", got, text)
		}
		for _, e := range []*Element{root, assertion} {
			if err := Verify(child(e, "Signature"), certificates(testSigners()[0]), testNow); err != nil {
				t.Errorf("%s: %v", e.Name, err)
			}
		}
		for _, path := range []string{"/Response", "/Response/Assertion"} {
			if err := othersVerify(doc, path); err != nil {
				t.Errorf("goxmldsig, %s: %v", path, err)
			}
		}
	})
}

// notAllowed is what XML 1.0, 2.2, has no character for.
func notAllowed(r rune) bool {
	return r < ' ' || r == '\uFFFD' || r == '\uFFFE' || r == '\uFFFF'
}

func TestSignNeedsAnIDAndAnIssuer(t *testing.T) {
	signer := NewSigner(testSigners()[0].Key, testSigners()[0].Cert)
	for _, e := range []*Element{
		{Name: "a", Children: []*Element{{Name: "issuer"}}}, {Name: "a", Attrs: []Attr{{"ID", "_1"}}},
	} {
		if err := signer.Sign(e, plain); err == nil || !strings.HasPrefix(err.Error(), "signing a: ") {
			t.Errorf("error %v", err)
		}
	}
}
