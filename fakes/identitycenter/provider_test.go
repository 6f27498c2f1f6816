package identitycenter

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

const (
	entityID = "http://www.okta.com/exk1regiondrilltest"
	ssoURL   = "https://acme.okta.test/app/amazon_aws_sso/exk1/sso/saml"
	stamp    = "2006-01-02T15:04:05.000Z"
)

// signers are the provider's, a stranger's, and one that is trusted but not used.
var signers = sync.OnceValue(func() [3]*pki.Signer {
	var out [3]*pki.Signer
	for i := range out {
		s, err := pki.NewSignerFor(fmt.Sprintf("signer %d", i), pki.Bits, time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC),
			time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			panic(err)
		}
		out[i] = s
	}
	return out
})

// draft is a response before it is signed: a provider in Okta's dialect, or, with entra, one that signs the assertion
// alone and writes no prefixes in signatures.
type draft struct {
	acs, audience, issuer, nameID, inResponseTo string
	now                                         time.Time
	entra                                       bool
	signer                                      *pki.Signer
	assertionID                                 string
	session                                     time.Time
	edit                                        func(string) string // of the unsigned document
	signedInfo                                  func(string) string // of every ds:SignedInfo before it is signed
	noResponseSignature, noAssertionSignature   bool
}

func (d draft) xml() string {
	if d.assertionID == "" {
		d.assertionID = "id" + hexRandom(12)
	}
	end, session, irt := d.now.Add(5*time.Minute).Format(stamp), "", ""
	if !d.session.IsZero() {
		session = ` SessionNotOnOrAfter="` + d.session.UTC().Format(stamp) + `"`
	}
	if d.inResponseTo != "" {
		irt = ` InResponseTo="` + d.inResponseTo + `"`
	}
	at := d.now.Format(stamp)
	issuer := `<saml2:Issuer xmlns:saml2="` + nsAssertion + `" Format="` + formatEntity + `">` + d.issuer + `</saml2:Issuer>`
	return `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response xmlns:saml2p="` + nsProtocol + `" Destination="` + d.acs +
		`" ID="id` + hexRandom(12) + `"` + irt + ` IssueInstant="` + at + `" Version="2.0" xmlns:xs="http://www.w3.org/2001/XMLSchema">` +
		issuer + `<saml2p:Status><saml2p:StatusCode Value="` + statusSuccess + `"/></saml2p:Status>` +
		`<saml2:Assertion xmlns:saml2="` + nsAssertion + `" ID="` + d.assertionID + `" IssueInstant="` + at +
		`" Version="2.0" xmlns:xs="http://www.w3.org/2001/XMLSchema">` + issuer +
		`<saml2:Subject><saml2:NameID Format="` + formatEmail + `">` + d.nameID + `</saml2:NameID>` +
		`<saml2:SubjectConfirmation Method="` + confirmationBearer + `"><saml2:SubjectConfirmationData` + irt +
		` NotOnOrAfter="` + end + `" Recipient="` + d.acs + `"/></saml2:SubjectConfirmation></saml2:Subject>` +
		`<saml2:Conditions NotBefore="` + d.now.Add(-5*time.Minute).Format(stamp) + `" NotOnOrAfter="` + end + `">` +
		`<saml2:AudienceRestriction><saml2:Audience>` + d.audience + `</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
		`<saml2:AuthnStatement AuthnInstant="` + at + `" SessionIndex="` + d.inResponseTo + `"` + session + `><saml2:AuthnContext>` +
		`<saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef>` +
		`</saml2:AuthnContext></saml2:AuthnStatement>` + d.attributes() + `</saml2:Assertion></saml2p:Response>`
}

func (d draft) attributes() string {
	return `<saml2:AttributeStatement><saml2:Attribute Name="displayName" ` +
		`NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"><saml2:AttributeValue ` +
		`xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">` +
		`Ann &amp; "Bob" &lt;x&gt;</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>`
}

// issue is the signed document.
func (d draft) issue(t testing.TB) string {
	t.Helper()
	if d.signer == nil {
		d.signer = signers()[0]
	}
	text := d.xml()
	if d.edit != nil {
		text = d.edit(text)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	if a := doc.FindElement("//Assertion"); a != nil && !d.noAssertionSignature {
		d.sign(t, a)
	}
	if !d.entra && !d.noResponseSignature {
		d.sign(t, doc.Root())
	}
	out, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (d draft) encoded(t testing.TB) string {
	return base64.StdEncoding.EncodeToString([]byte(d.issue(t)))
}

// sign puts an enveloped signature behind the issuer, with goxmldsig's canonicaliser: another hand than the one that
// verifies.
func (d draft) sign(t testing.TB, el *etree.Element) {
	t.Helper()
	prefixes, p := `<ec:InclusiveNamespaces xmlns:ec="`+xmldsig.ExcC14N+`" PrefixList="xs"></ec:InclusiveNamespaces>`, "ds:"
	list, declared := "xs", ` xmlns:ds="`+xmldsig.Namespace+`"`
	if d.entra {
		prefixes, p, list, declared = "", "", "", ` xmlns="`+xmldsig.Namespace+`"`
	}
	canonical, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(list).Canonicalize(el.Copy())
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(canonical)
	info := "<~SignedInfo" + declared + `><~CanonicalizationMethod Algorithm="` + xmldsig.ExcC14N + `"></~CanonicalizationMethod>` +
		`<~SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></~SignatureMethod>` +
		`<~Reference URI="#` + el.SelectAttrValue("ID", "") + `"><~Transforms><~Transform Algorithm="` + xmldsig.EnvelopedSignature + `"></~Transform>` +
		`<~Transform Algorithm="` + xmldsig.ExcC14N + `">` + prefixes + `</~Transform></~Transforms>` +
		`<~DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></~DigestMethod>` +
		`<~DigestValue>` + base64.StdEncoding.EncodeToString(hash[:]) + `</~DigestValue></~Reference></~SignedInfo>`
	info = strings.ReplaceAll(info, "~", p)
	if d.signedInfo != nil {
		info = d.signedInfo(info)
	}
	signed := sha256.Sum256([]byte(info))
	value, err := d.signer.Key.Sign(rand.Reader, signed[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sig := `<~Signature` + declared + `>` + info + `<~SignatureValue>` + base64.StdEncoding.EncodeToString(value) +
		`</~SignatureValue><~KeyInfo><~X509Data><~X509Certificate>` + base64.StdEncoding.EncodeToString(d.signer.Cert.Raw) +
		`</~X509Certificate></~X509Data></~KeyInfo></~Signature>`
	doc := etree.NewDocument()
	if err := doc.ReadFromString(strings.ReplaceAll(sig, "~", p)); err != nil {
		t.Fatal(err)
	}
	at := 0
	if issuer := el.FindElement("./Issuer"); issuer != nil {
		at = issuer.Index() + 1
	}
	el.InsertChildAt(at, doc.Root())
}

func hexRandom(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// asked is an AuthnRequest as the provider reads it.
type asked struct{ ID, ACS, Issuer, relayState string }

func readAuthnRequest(t testing.TB, to *url.URL) asked {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(to.Query().Get("SAMLRequest"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var q authnRequest
	if err := xml.Unmarshal(doc, &q); err != nil {
		t.Fatal(err)
	}
	return asked{q.ID, q.ACS, q.Issuer, to.Query().Get("RelayState")}
}
