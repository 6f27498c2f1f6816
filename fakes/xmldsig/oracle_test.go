package xmldsig

import (
	"bytes"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	validator "github.com/mattermost/xml-roundtrip-validator"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/regiondrill/regiondrill/fakes/pki"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// testSigners are the provider's and a stranger's. An RSA key takes a while, above all with -race.
var testSigners = sync.OnceValue(func() [2]*pki.Signer {
	var out [2]*pki.Signer
	for i := range out {
		s, err := pki.NewSigner(fmt.Sprintf("signer %d", i), testNow)
		if err != nil {
			panic(err)
		}
		out[i] = s
	}
	return out
})

var ds, plain = Style{Prefix: "ds", PrefixList: "xs"}, Style{}

// message is an assertion in a response, both signed, with what canonicalization has to get right.
func message(tb testing.TB, style Style, text string) *Element {
	tb.Helper()
	assertion := &Element{
		Name:  "a:Assertion",
		Attrs: []Attr{{"xmlns:xs", "urn:types"}, {"xmlns:a", "urn:assertion"}, {"ID", "_a"}},
		Children: []*Element{
			{Name: "a:Issuer", Text: "https://idp.test/?a=1&b=2"},
			{Name: "a:Value", Attrs: []Attr{
				{"xsi:type", "xs:string"}, {"xmlns:xsi", "urn:instance"}, {"z", "\"<&>'"}, {"y", text},
			}, Text: text},
			{Name: "Default", Attrs: []Attr{{"xmlns", "urn:default"}}, Children: []*Element{
				{Name: "a:Empty"}, {Name: "None", Text: "\r\n\t>"},
			}},
		},
	}
	response := &Element{
		Name:     "p:Response",
		Attrs:    []Attr{{"Version", "2.0"}, {"ID", "_r"}, {"xmlns:p", "urn:protocol"}, {"xmlns:xs", "urn:types"}},
		Children: []*Element{{Name: "p:Issuer", Text: "x", Tail: "\n  "}, assertion},
	}
	signer := NewSigner(testSigners()[0].Key, testSigners()[0].Cert)
	for _, e := range []*Element{assertion, response} { // what is inside comes first
		if err := signer.Sign(e, style); err != nil {
			tb.Fatal(err)
		}
	}
	return response
}

func parsed(tb testing.TB, doc []byte) *Element {
	tb.Helper()
	root, err := Parse(doc)
	if err != nil {
		tb.Fatalf("%v: %s", err, doc)
	}
	return root
}

func child(e *Element, local string) *Element {
	for _, c := range e.Children {
		if c.local == local {
			return c
		}
	}
	return nil
}

func certificates(signers ...*pki.Signer) []*x509.Certificate {
	var out []*x509.Certificate
	for _, s := range signers {
		out = append(out, s.Cert)
	}
	return out
}

// othersRead parses a document with etree and proves that every token of it survives a round trip.
func othersRead(doc []byte) (*etree.Document, error) {
	tree := etree.NewDocument()
	tree.ReadSettings.ValidateInput = true
	if err := tree.ReadFromBytes(bytes.TrimRight(doc, whiteSpace)); err != nil { // etree wants nothing behind the root
		return nil, fmt.Errorf("etree: %w", err)
	}
	if mixesNamespaces(tree) {
		return tree, nil // the validator guesses prefixes by their order and is wrong here
	}
	if err := validator.Validate(bytes.NewReader(doc)); err != nil {
		return nil, fmt.Errorf("round trip: %w", err)
	}
	return tree, nil
}

// mixesNamespaces tells whether an element has attributes of different prefixes, which others stumble over.
func mixesNamespaces(tree *etree.Document) bool {
	for _, e := range tree.FindElements("//*") {
		prefixes := map[string]bool{}
		for _, a := range e.Attr {
			if a.Space != "" && a.Space != "xmlns" {
				prefixes[a.Space] = true
			}
		}
		if len(prefixes) > 1 {
			return true
		}
	}
	return false
}

// outline is a document's tags, attributes and text, one token after the other.
func outline(e *Element) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<%s", e.Name)
	for _, a := range e.Attrs {
		fmt.Fprintf(&b, " %s=%q", a.Name, a.Value)
	}
	fmt.Fprintf(&b, ">%s", e.Text)
	for _, c := range e.Children {
		b.WriteString(outline(c) + c.Tail)
	}
	fmt.Fprintf(&b, "</%s>", e.Name)
	return b.String()
}

// othersOutline is the same of what encoding/xml reads.
func othersOutline(tb testing.TB, doc string) string {
	tb.Helper()
	name := func(n xml.Name) string { return strings.TrimPrefix(n.Space+":"+n.Local, ":") }
	var b strings.Builder
	depth := 0
	for decoder := xml.NewDecoder(strings.NewReader(doc)); ; {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			tb.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			fmt.Fprintf(&b, "<%s", name(token.Name))
			for _, a := range token.Attr {
				fmt.Fprintf(&b, " %s=%q", name(a.Name), a.Value)
			}
			b.WriteString(">")
		case xml.EndElement:
			depth--
			fmt.Fprintf(&b, "</%s>", name(token.Name))
		case xml.CharData:
			if depth > 0 {
				b.Write(token)
			}
		}
	}
}

// othersVerify verifies the signature of the element at the path with goxmldsig.
func othersVerify(doc []byte, path string) error {
	tree, err := othersRead(doc)
	if err != nil {
		return err
	}
	e := tree.FindElement(path)
	around, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return err
	}
	detached, err := etreeutils.NSDetatch(around, e)
	if err != nil {
		return err
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: certificates(testSigners()[0])})
	ctx.Clock = dsig.NewFakeClockAt(testNow)
	_, err = ctx.Validate(detached)
	return err
}

// othersCanonical is goxmldsig's canonical form; ok is false where it cannot be asked. It knows neither #default nor
// how to take a default namespace back, and sorts attributes of different namespaces by what their element declares
// alone (etreeutils/sort.go says so).
func othersCanonical(tree *etree.Document, prefixList string) (form string, ok bool) {
	if strings.Contains(prefixList, "#") || mixesNamespaces(tree) || tree.FindElement("//*[@xmlns='']") != nil {
		return "", false
	}
	out, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(prefixList).Canonicalize(tree.Root().Copy())
	return string(out), err == nil
}
