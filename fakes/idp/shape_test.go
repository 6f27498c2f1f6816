package idp

import (
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
)

// oktaShape is the order of elements and attributes in genuine responses of Okta.
const oktaShape = `saml2p:Response xmlns:saml2p Destination ID InResponseTo IssueInstant Version xmlns:xs
 saml2:Issuer xmlns:saml2 Format
 ds:Signature xmlns:ds
 saml2p:Status xmlns:saml2p
  saml2p:StatusCode Value
 saml2:Assertion xmlns:saml2 ID IssueInstant Version xmlns:xs
  saml2:Issuer Format xmlns:saml2
  ds:Signature xmlns:ds
  saml2:Subject xmlns:saml2
   saml2:NameID Format
   saml2:SubjectConfirmation Method
    saml2:SubjectConfirmationData InResponseTo NotOnOrAfter Recipient
  saml2:Conditions NotBefore NotOnOrAfter xmlns:saml2
   saml2:AudienceRestriction
    saml2:Audience
  saml2:AuthnStatement AuthnInstant SessionIndex SessionNotOnOrAfter xmlns:saml2
   saml2:AuthnContext
    saml2:AuthnContextClassRef
  saml2:AttributeStatement xmlns:saml2
   saml2:Attribute Name NameFormat
    saml2:AttributeValue xmlns:xs xmlns:xsi xsi:type`

// entraShape is that of Entra ID, up to its attributes.
const entraShape = `samlp:Response ID Version IssueInstant Destination InResponseTo xmlns:samlp
 Issuer xmlns
 samlp:Status
  samlp:StatusCode Value
 Assertion ID IssueInstant Version xmlns
  Issuer
  Signature xmlns
  Subject
   NameID Format
   SubjectConfirmation Method
    SubjectConfirmationData InResponseTo NotOnOrAfter Recipient
  Conditions NotBefore NotOnOrAfter
   AudienceRestriction
    Audience
  AttributeStatement
   Attribute Name
    AttributeValue
`

func TestShape(t *testing.T) {
	for want, p := range map[string]*IdP{oktaShape: newIdP(t), entraShape: newIdP(t, inEntra)} {
		_, document := issued(t, p, grant{acs: acsEU, request: "_0d3f", person: "user-001@acme.test"})
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(document); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(shape(doc.Root(), 0), "\n"); !strings.HasPrefix(got, want) {
			t.Errorf("shape:\n%s\nwant:\n%s", got, want)
		}
	}
}

// shape is a line for each element, indented by its depth: its name, and the names of its attributes.
func shape(e *etree.Element, depth int) []string {
	line := strings.Repeat(" ", depth) + e.FullTag()
	for _, a := range e.Attr {
		line += " " + a.FullKey()
	}
	lines := []string{line}
	if e.Tag == "Signature" {
		return lines
	}
	for _, c := range e.ChildElements() {
		lines = append(lines, shape(c, depth+1)...)
	}
	return lines
}

func TestWindows(t *testing.T) {
	for name, c := range map[string]struct {
		p                           *IdP
		before, after, confirmation time.Duration
	}{
		"okta":  {newIdP(t), -5 * time.Minute, 5 * time.Minute, 5 * time.Minute},
		"entra": {newIdP(t, inEntra), 0, 70 * time.Minute, 5 * time.Minute},
	} {
		_, document := issued(t, c.p, grant{acs: acsEU, request: "_0d3f", person: "user-001@acme.test"})
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(document); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]time.Duration{
			"//Conditions/@NotBefore": c.before, "//Conditions/@NotOnOrAfter": c.after,
			"//SubjectConfirmationData/@NotOnOrAfter": c.confirmation,
		} {
			element, attribute, _ := strings.Cut(path, "/@")
			got := doc.FindElement(element).SelectAttrValue(attribute, "")
			if wanted := testNow.Add(want).Format("2006-01-02T15:04:05.000Z"); got != wanted {
				t.Errorf("%s: %s is %s, want %s", name, path, got, wanted)
			}
		}
	}
}

func TestEntraRefusesWithItsCode(t *testing.T) {
	p := newIdP(t, inEntra)
	b := serve(t, p)()
	elsewhere := ` Destination="https://elsewhere.test/"`
	page := b.get(redirect(t, p, requestDocument("_r1", acsAttr("https://ap-south-1.signin.aws/acs")+elsewhere), ""))
	if page.error != "acs_refused" || !strings.Contains(page.body, ">AADSTS50011: ") {
		t.Errorf("%d %q:\n%s", page.status, page.error, page.body)
	}
}
