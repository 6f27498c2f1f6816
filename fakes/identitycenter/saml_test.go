package identitycenter

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	validator "github.com/mattermost/xml-roundtrip-validator"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func testExpectation() (expectation, draft) { return benchExpectation(testNow) }

// sub replaces what must be there.
func sub(old, new string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic("the document has no " + old)
		}
		return strings.ReplaceAll(s, old, new)
	}
}

// first replaces the first occurrence of what must be there.
func first(old, new string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic("the document has no " + old)
		}
		return strings.Replace(s, old, new, 1)
	}
}

// cut removes from the first before through the first after behind it.
func cut(before, after string) func(string) string {
	return func(s string) string {
		head, rest, begun := strings.Cut(s, before)
		_, tail, ended := strings.Cut(rest, after)
		if !begun || !ended {
			panic("the document has no " + before + " or, behind it, no " + after)
		}
		return head + tail
	}
}

func TestAcceptsGoodResponses(t *testing.T) {
	x, okta := testExpectation()
	entra, assertionOnly, responseOnly, unsolicited, session := okta, okta, okta, okta, okta
	entra.entra = true
	assertionOnly.noResponseSignature = true
	responseOnly.noAssertionSignature = true
	unsolicited.inResponseTo = ""
	session.session = testNow.Add(time.Hour)
	sessionEnding := okta
	sessionEnding.session = testNow.Add(-x.skew + time.Second)
	wide := okta
	wide.edit = first("Ann &amp;", strings.Repeat("語", 16_000))
	spaced := okta
	spaced.edit = sub("><saml2:", ">\n  <saml2:")
	twoAudiences := okta
	twoAudiences.edit = first("<saml2:Audience>",
		"<saml2:Audience>https://elsewhere.test</saml2:Audience><saml2:Audience>")
	slowClock, fastClock := okta, okta
	slowClock.now, fastClock.now = testNow.Add(3*time.Minute), testNow.Add(-8*time.Minute+time.Second)
	for name, d := range map[string]draft{
		"okta": okta, "entra": entra, "assertion only": assertionOnly, "response only": responseOnly,
		"unsolicited": unsolicited, "session": session, "session almost ended": sessionEnding,
		"16,000 characters of three bytes": wide, "white space": spaced, "two audiences": twoAudiences,
		"clock slow by the skew": slowClock, "almost expired": fastClock,
	} {
		t.Run(name, func(t *testing.T) {
			doc := d.issue(t)
			a, r := x.validateXML([]byte(doc))
			if r != nil {
				t.Fatalf("refused: %v\n%s", r, doc)
			}
			end := d.session
			if !end.IsZero() {
				end = end.Add(x.skew)
			}
			if a.nameID != "ann@acme.test" || a.inResponseTo != d.inResponseTo || !a.sessionEnd.Equal(end) {
				t.Errorf("read %+v", a)
			}
			if err := secondOpinion([]byte(doc), x.trusted[0]); err != nil {
				t.Errorf("goxmldsig: %v", err)
			}
		})
	}
}

// secondOpinion verifies every signature with goxmldsig, and the round trip of every token.
func secondOpinion(doc []byte, cert *x509.Certificate) error {
	if err := validator.Validate(bytes.NewReader(doc)); err != nil {
		return err
	}
	tree := etree.NewDocument()
	tree.ReadSettings.ValidateInput = true
	if err := tree.ReadFromBytes(bytes.TrimRight(doc, " \t\r\n")); err != nil { // etree wants nothing behind the root
		return err
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(testNow)
	for _, el := range []*etree.Element{tree.Root(), tree.Root().FindElement("./Assertion")} {
		if el == nil || el.FindElement("./Signature") == nil {
			continue
		}
		if _, err := ctx.Validate(el); err != nil {
			return err
		}
	}
	return nil
}

// faulty is a response that a provider or an attacker gets wrong.
type faulty struct {
	name   string
	change func(*draft)                    // before it is signed
	tamper func(*testing.T, string) string // after
	want   cause
}

func edited(edit func(string) string) func(*draft) { return func(d *draft) { d.edit = edit } }
func tampered(f func(string) string) func(*testing.T, string) string {
	return func(_ *testing.T, s string) string { return f(s) }
}

// providers are the mistakes that a provider with the right key can make.
var providers = []faulty{
	{name: "expired", change: func(d *draft) { d.now = testNow.Add(-8 * time.Minute) }, want: causeExpired},
	{name: "issued in the future", want: causeNotYetValid,
		change: func(d *draft) { d.now = testNow.Add(3*time.Minute + time.Second) }},
	{name: "not before", want: causeNotYetValid,
		change: edited(sub(`NotBefore="2026-11-23T11:55`, `NotBefore="2026-11-23T12:04`))},
	{name: "conditions expired", want: causeExpired,
		change: edited(sub(`NotOnOrAfter="2026-11-23T12:05:00.000Z"><saml2:Aud`,
			`NotOnOrAfter="2026-11-23T11:57:00.000Z"><saml2:Aud`))},
	{name: "time of another zone", want: causeConfirmation,
		change: edited(sub(`NotOnOrAfter="2026-11-23T12:05:00.000Z" R`, `NotOnOrAfter="2026-11-23T12:05:00.000+00:00" R`))},
	{name: "wrong audience", want: causeAudience,
		change: func(d *draft) { d.audience = "https://eu-west-1.signin.aws.amazon.com/platform/saml/d-1" }},
	{name: "second audience restriction", want: causeAudience,
		change: edited(first("</saml2:Conditions>",
			"<saml2:AudienceRestriction><saml2:Audience>https://other.test</saml2:Audience></saml2:AudienceRestriction>"+
				"</saml2:Conditions>"))},
	{name: "no audience restriction", want: causeAudience,
		change: edited(cut("<saml2:AudienceRestriction>", "</saml2:AudienceRestriction>"))},
	{name: "another Region's ACS", want: causeDestination,
		change: func(d *draft) { d.acs = strings.Replace(d.acs, east, west, 1) }},
	{name: "wrong destination", want: causeDestination,
		change: edited(sub(`Destination="https://us`, `Destination="https://eu`))},
	{name: "no destination", change: edited(cut(` Destination="`, `75732d"`)), want: causeDestination},
	{name: "wrong recipient", change: edited(sub(`Recipient="https://us`, `Recipient="https://eu`)), want: causeRecipient},
	{name: "no recipient", change: edited(cut(` Recipient="`, `75732d"`)), want: causeRecipient},
	{name: "wrong issuer", change: func(d *draft) { d.issuer = "http://www.okta.com/exk1other" }, want: causeIssuer},
	{name: "response without issuer", change: func(d *draft) {
		d.noResponseSignature, d.edit = true, cut("<saml2:Issuer", "</saml2:Issuer>")
	}, want: causeIssuer},
	{name: "outer InResponseTo only", change: edited(sub(`Data InResponseTo="_1"`, `Data`)), want: causeInResponseTo},
	{name: "inner InResponseTo only", change: edited(first(` InResponseTo="_1"`, ``)), want: causeInResponseTo},
	{name: "InResponseTo differs", want: causeInResponseTo,
		change: edited(first(` InResponseTo="_1"`, ` InResponseTo="_2"`))},
	{name: "InResponseTo empty", change: edited(sub(`InResponseTo="_1"`, `InResponseTo=""`)), want: causeInResponseTo},
	{name: "no subject", change: edited(cut("<saml2:Subject>", "</saml2:Subject>")), want: causeConfirmation},
	{name: "no NameID", change: edited(cut("<saml2:NameID", "</saml2:NameID>")), want: causeNameID},
	{name: "empty NameID", change: func(d *draft) { d.nameID = "" }, want: causeNameID},
	{name: "NameID is no address", change: func(d *draft) { d.nameID = "ann" }, want: causeNameID},
	{name: "NameID with a display name", want: causeNameID,
		change: func(d *draft) { d.nameID = "Ann &lt;ann@acme.test&gt;" }},
	{name: "NameID with blanks", change: func(d *draft) { d.nameID = " ann@acme.test " }, want: causeNameID},
	{name: "NameID with an element", want: causeNameID,
		change: func(d *draft) { d.nameID = "ann@acme.test<saml2:x/>.evil.test" }},
	{name: "NameID of another format", want: causeNameID,
		change: edited(sub("1.1:nameid-format:emailAddress", "2.0:nameid-format:persistent"))},
	{name: "two NameIDs", want: causeNameID,
		change: edited(first("</saml2:NameID>",
			`</saml2:NameID><saml2:NameID Format="`+formatEmail+`">bob@acme.test</saml2:NameID>`))},
	{name: "no SubjectConfirmation", want: causeConfirmation,
		change: edited(cut("<saml2:SubjectConfirmation ", "</saml2:SubjectConfirmation>"))},
	{name: "no SubjectConfirmationData", want: causeConfirmation,
		change: edited(cut("<saml2:SubjectConfirmationData", "/>"))},
	{name: "confirmation without NotOnOrAfter", want: causeConfirmation,
		change: edited(first(` NotOnOrAfter="2026-11-23T12:05:00.000Z" R`, ` R`))},
	{name: "confirmation with NotBefore", want: causeConfirmation,
		change: edited(first(`<saml2:SubjectConfirmationData`,
			`<saml2:SubjectConfirmationData NotBefore="2026-11-23T11:00:00Z"`))},
	{name: "holder of key", change: edited(sub("cm:bearer", "cm:holder-of-key")), want: causeConfirmation},
	{name: "confirmation in front of the NameID", change: edited(func(s string) string {
		id := "<saml2:NameID" + between(s, "<saml2:NameID", "</saml2:NameID>") + "</saml2:NameID>"
		return strings.Replace(strings.Replace(s, id, "", 1), "</saml2:Subject>", id+"</saml2:Subject>", 1)
	}), want: causeShape},
	{name: "BaseID beside the NameID", want: causeShape,
		change: edited(first("<saml2:NameID", "<saml2:BaseID/><saml2:NameID"))},
	{name: "unknown child of the subject", want: causeShape,
		change: edited(first("</saml2:Subject>", "<saml2:x/></saml2:Subject>"))},
	{name: "text in the subject", change: edited(first("<saml2:NameID", "text<saml2:NameID")), want: causeShape},
	{name: "NameID behind the confirmation's data", want: causeShape,
		change: edited(first("</saml2:SubjectConfirmation>", "<saml2:NameID>x</saml2:NameID></saml2:SubjectConfirmation>"))},
	{name: "status message in front of its code", want: causeShape,
		change: edited(first("<saml2p:StatusCode", "<saml2p:StatusMessage/><saml2p:StatusCode"))},
	{name: "no Conditions", change: edited(cut("<saml2:Conditions", "</saml2:Conditions>")), want: causeShape},
	{name: "unknown condition", want: causeShape,
		change: edited(first("</saml2:Conditions>", "<saml2:Condition/></saml2:Conditions>"))},
	{name: "no AuthnStatement", change: edited(cut("<saml2:AuthnStatement", "</saml2:AuthnStatement>")), want: causeShape},
	{name: "provider's session has ended", want: causeExpired,
		change: func(d *draft) { d.session = testNow.Add(-3 * time.Minute) }},
	{name: "status", change: edited(sub("status:Success", "status:Requester")), want: causeStatus},
	{name: "status without assertion", change: func(d *draft) {
		d.edit = func(s string) string {
			return cut("<saml2:Assertion", "</saml2:Assertion>")(sub("status:Success", "status:Responder")(s))
		}
	}, want: causeStatus},
	{name: "no status", change: edited(cut("<saml2p:Status>", "</saml2p:Status>")), want: causeStatus},
	{name: "version 1.1", change: edited(sub(`Version="2.0"`, `Version="1.1"`)), want: causeVersion},
	{name: "no IssueInstant", change: edited(first(` IssueInstant="2026-11-23T12:00:00.000Z"`, ``)), want: causeShape},
	{name: "encrypted assertion", want: causeShape,
		change: edited(first("<saml2:Assertion",
			`<saml2:EncryptedAssertion xmlns:saml2="`+nsAssertion+`"/><saml2:Assertion`))},
	{name: "encrypted NameID", want: causeShape,
		change: edited(first("<saml2:NameID", `<saml2:EncryptedID/><saml2:NameID`))},
	{name: "two signed assertions", change: edited(func(s string) string {
		assertion := "<saml2:Assertion" + between(s, "<saml2:Assertion", "</saml2:Assertion>") + "</saml2:Assertion>"
		return sub("</saml2p:Response>", assertion+"</saml2p:Response>")(s)
	}), want: causeShape},
	{name: "children out of order", change: edited(func(s string) string {
		status := "<saml2p:Status>" + between(s, "<saml2p:Status>", "</saml2p:Status>") + "</saml2p:Status>"
		return strings.Replace(strings.Replace(s, status, "", 1), "</saml2p:Response>", status+"</saml2p:Response>", 1)
	}), want: causeShape},
	{name: "unsigned", want: causeSignature,
		change: func(d *draft) { d.noAssertionSignature, d.noResponseSignature = true, true }},
	{name: "wrong key", change: func(d *draft) { d.signer = signers()[1] }, want: causeSignature},
	{name: "rsa-sha1", change: func(d *draft) {
		d.signedInfo = sub("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
			"http://www.w3.org/2000/09/xmldsig#rsa-sha1")
	}, want: causeSignature},
	{name: "sha1 digest", change: func(d *draft) {
		d.signedInfo = sub("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1")
	}, want: causeSignature},
	{name: "inclusive canonicalisation", change: func(d *draft) {
		d.signedInfo = first(`Method Algorithm="`+xmldsig.ExcC14N,
			`Method Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315`)
	}, want: causeSignature},
	{name: "XSLT transform", change: func(d *draft) {
		d.signedInfo = first(`<ds:Transform Algorithm="`+xmldsig.EnvelopedSignature+`"></ds:Transform>`,
			`<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"></ds:Transform>`)
	}, want: causeSignature},
	{name: "reference to another ID", want: causeSignature,
		change: func(d *draft) { d.signedInfo = sub(`URI="#`, `URI="#x`) }},
	{name: "reference to everything", change: func(d *draft) {
		d.signedInfo = func(s string) string { return strings.Replace(s, `URI="`+between(s, `URI="`, `"`), `URI="`, 1) }
	}, want: causeSignature},
	{name: "two references", change: func(d *draft) {
		d.signedInfo = func(s string) string {
			ref := "<ds:Reference" + between(s, "<ds:Reference", "</ds:Reference>") + "</ds:Reference>"
			return strings.Replace(s, ref, ref+ref, 1)
		}
	}, want: causeSignature},
}

// attacks are what somebody without the key does to a good response.
var attacks = []faulty{
	{name: "tampered NameID", tamper: tampered(sub("ann@acme.test", "eve@acme.test")), want: causeSignature},
	{name: "tampered attribute", tamper: tampered(sub("Ann &amp;", "Eve &amp;")), want: causeSignature},
	{name: "tampered response", tamper: tampered(first(`InResponseTo="_1"`, `InResponseTo="_2"`)), want: causeSignature},
	{name: "signatures removed", tamper: tampered(func(s string) string { return noSignatures(s) }), want: causeSignature},
	{name: "wrong key, trusted KeyInfo", want: causeSignature,
		change: func(d *draft) { d.signer = signers()[1] },
		tamper: tampered(func(s string) string {
			wrong := base64.StdEncoding.EncodeToString(signers()[1].Cert.Raw)
			trusted := base64.StdEncoding.EncodeToString(signers()[0].Cert.Raw)
			return strings.ReplaceAll(s, wrong, trusted)
		})},
	{name: "HMAC with the public certificate", want: causeSignature,
		tamper: tampered(sub("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
			"http://www.w3.org/2000/09/xmldsig#hmac-sha1"))},
	{name: "no algorithm", want: causeSignature,
		tamper: tampered(sub(` Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"`, ""))},
	{name: "two SignedInfo", tamper: tampered(func(s string) string {
		info := "<ds:SignedInfo" + between(s, "<ds:SignedInfo", "</ds:SignedInfo>") + "</ds:SignedInfo>"
		return strings.Replace(s, info, info+info, 1)
	}), want: causeSignature},
	{name: "two signatures", tamper: tampered(func(s string) string {
		sig := "<ds:Signature " + between(s, "<ds:Signature ", "</ds:Signature>") + "</ds:Signature>"
		return strings.Replace(s, sig, sig+sig, 1)
	}), want: causeShape},
	{name: "comment in DigestValue", want: causeMalformed,
		tamper: tampered(first("<ds:DigestValue>", "<ds:DigestValue><!-- -->"))},
	{name: "comment in NameID", want: causeMalformed,
		tamper: tampered(sub("ann@acme.test", "ann@acme.test<!-- -->.evil.test"))},
	{name: "PI in NameID", tamper: tampered(sub("ann@acme.test", "ann@acme.test<?x?>.evil.test")), want: causeMalformed},
	{name: "CDATA in NameID", tamper: tampered(sub("ann@acme.test", "<![CDATA[ann@acme.test]]>")), want: causeMalformed},
	{name: "empty DTD", want: causeMalformed,
		tamper: tampered(first("<saml2p:Response", "<!DOCTYPE x []><saml2p:Response"))},
	{name: "billion laughs", tamper: tampered(func(s string) string {
		s = sub("ann@", "&b;@")(s)
		return first("<saml2p:Response", `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><saml2p:Response`)(s)
	}), want: causeMalformed},
	{name: "external DTD", want: causeMalformed,
		tamper: tampered(first("<saml2p:Response", `<!DOCTYPE x SYSTEM "file:///etc/passwd"><saml2p:Response`))},
	{name: "entity of its own", tamper: tampered(sub("ann@", "&who;@")), want: causeMalformed},
	{name: "attribute of 200 KB", want: causeTooLarge,
		tamper: tampered(first(`SessionIndex="`, `SessionIndex="`+strings.Repeat("a", 200<<10)))},
	{name: "depth 50,000", want: causeMalformed,
		tamper: tampered(first("</saml2:AttributeStatement>",
			strings.Repeat("<a>", 25_000)+strings.Repeat("</a>", 25_000)+"</saml2:AttributeStatement>"))},
	{name: "2,000 elements", want: causeSignature,
		tamper: tampered(first("</saml2:AttributeStatement>", strings.Repeat("<a/>", 2_000)+"</saml2:AttributeStatement>"))},
	{name: "20,000 elements", want: causeMalformed,
		tamper: tampered(first("</saml2:AttributeStatement>", strings.Repeat("<a/>", 20_000)+"</saml2:AttributeStatement>"))},
	{name: "2,000 attributes", tamper: tampered(func(s string) string {
		var b strings.Builder
		for i := range 2_000 {
			b.WriteString(` a` + strings.Repeat("b", i%7) + string(rune('a'+i%26)) + `="x"`)
		}
		return strings.Replace(s, "<saml2:AttributeStatement", "<saml2:AttributeStatement"+b.String(), 1)
	}), want: causeMalformed},
	{name: "22,102 attributes", want: causeMalformed,
		tamper: tampered(first("<saml2:Subject>", "<saml2:Subject"+attributes(22_102)+">"))},
	{name: "nonsense in the XML declaration", want: causeMalformed,
		tamper: tampered(sub(`encoding="UTF-8"`, `encoding="UTF-8" nonsense`))},
	{name: "XML declaration behind a blank", want: causeMalformed,
		tamper: tampered(func(s string) string { return " " + s })},
	{name: "duplicate ID", tamper: tampered(func(s string) string {
		ofAssertion := between(s[strings.Index(s, "<saml2:Assertion"):], ` ID="`, `"`)
		return strings.Replace(s, between(s, ` ID="`, `"`), ofAssertion, 1)
	}), want: causeShape},
	{name: "namespaced ID", tamper: tampered(first("<saml2:Subject>", `<saml2:Subject xml:id="x">`)), want: causeShape},
	{name: "ID elsewhere", tamper: tampered(first("<saml2:Subject>", `<saml2:Subject ID="x">`)), want: causeShape},
	{name: "same attribute twice", want: causeMalformed,
		tamper: tampered(first("<saml2:Subject>", `<saml2:Subject a="1" a="2">`))},
	{name: "name with two colons", want: causeMalformed,
		tamper: tampered(first("<saml2:Subject>", `<saml2:Subject a:b:c="1">`))},
	{name: "attribute that is a colon", want: causeMalformed,
		tamper: tampered(first("<saml2:Subject>", `<saml2:Subject :a="1">`))},
	{name: "empty prefix", want: causeMalformed,
		tamper: tampered(first("<saml2:Subject>", `<saml2:Subject xmlns:="urn:x">`))},
	{name: "prefix not declared", want: causeMalformed,
		tamper: tampered(first("<saml2:Subject>", `<saml2:Subject none:a="1">`))},
	{name: "line break in an attribute", want: causeMalformed,
		tamper: tampered(first("<saml2:Subject>", "<saml2:Subject a=\"1\n2\">"))},
	{name: "NUL", tamper: tampered(sub("ann@", "ann\x00@")), want: causeMalformed},
	{name: "bad UTF-8", tamper: tampered(sub("ann@", "ann\xff@")), want: causeMalformed},
	{name: "another encoding", tamper: tampered(sub(`encoding="UTF-8"`, `encoding="UTF-7"`)), want: causeMalformed},
	{name: "trailing garbage", tamper: tampered(func(s string) string { return s + "garbage" }), want: causeMalformed},
	{name: "two roots", tamper: tampered(func(s string) string { return s + "<x/>" }), want: causeMalformed},
	{name: "wrong root", tamper: tampered(sub("saml2p:Response", "saml2p:LogoutResponse")), want: causeShape},
	{name: "root of another namespace", tamper: tampered(sub(nsProtocol, "urn:other")), want: causeShape},
	{name: "bare assertion", tamper: tampered(func(s string) string {
		return "<saml2:Assertion" + between(s, "<saml2:Assertion", "</saml2:Assertion>") + "</saml2:Assertion>"
	}), want: causeShape},
	{name: "truncated", tamper: tampered(func(s string) string { return s[:len(s)-20] }), want: causeMalformed},
	{name: "empty", tamper: tampered(func(string) string { return "" }), want: causeMalformed},
	{name: "ds:Object", want: causeShape,
		tamper: tampered(first("</ds:Signature>", "<ds:Object>x</ds:Object></ds:Signature>"))},
	{name: "text between elements", tamper: tampered(first("</saml2p:Status>", "</saml2p:Status>text")), want: causeShape},
}

// attributes are so many with different names.
func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` %c%x=""`, 'g'+i%16, i/16)
	}
	return b.String()
}

// noSignatures removes every ds:Signature.
func noSignatures(s string) string {
	for strings.Contains(s, "<ds:Signature ") {
		s = cut("<ds:Signature ", "</ds:Signature>")(s)
	}
	return s
}

func TestRefusesFaultyProviders(t *testing.T) { refuses(t, providers) }

func TestRefusesAttacks(t *testing.T) { refuses(t, attacks) }

func refuses(t *testing.T, cases []faulty) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x, d := testExpectation()
			if c.change != nil {
				c.change(&d)
			}
			doc := d.issue(t)
			if c.tamper != nil {
				doc = c.tamper(t, doc)
			}
			a, r := x.validateXML([]byte(doc))
			if r == nil {
				t.Fatalf("accepted as %+v", a)
			}
			if r.cause != c.want {
				t.Errorf("refused as %v, want %s", r, c.want)
			}
		})
	}
}

// The limit is in characters, whatever their bytes, and holds for the assertion as it was sent, signature included.
func TestAssertionLimit(t *testing.T) {
	for _, character := range []string{"a", "é", "語"} {
		x, d := testExpectation()
		padded := func(n int) string {
			d.edit = first("Ann &amp;", strings.Repeat(character, n))
			return d.issue(t)
		}
		sent := padded(0)
		content := between(sent, "<saml2:Assertion", "</saml2:Assertion>")
		room := maxAssertion - len(content) - len("<saml2:Assertion</saml2:Assertion>")
		if _, r := x.validateXML([]byte(padded(room))); r != nil {
			t.Errorf("%d characters %s: %v", maxAssertion, character, r)
		}
		want := "assertion of 50001 characters"
		if _, r := x.validateXML([]byte(padded(room + 1))); r == nil || r.cause != causeTooLarge || r.detail != want {
			t.Errorf("%d characters %s: %v, want %s", maxAssertion+1, character, r, want)
		}
	}
}

func TestRefusesTooMuchBase64(t *testing.T) {
	x, _ := testExpectation()
	if _, r := x.validate(strings.Repeat("A", maxEncodedResponse+1)); r == nil || r.cause != causeTooLarge {
		t.Errorf("refusal %v", r)
	}
	if _, r := x.validate("not base64!"); r == nil || r.cause != causeMalformed {
		t.Errorf("refusal %v", r)
	}
}

// TestAcceptsGenuineOkta reads a response that Okta sent in 2016 and that gosaml2 keeps among its test data.
func TestAcceptsGenuineOkta(t *testing.T) {
	const gosaml2 = "github.com/russellhaering/gosaml2"
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", gosaml2).Output()
	folder := filepath.Join(strings.TrimSpace(string(dir)), "providertests", "testdata")
	doc, readErr := os.ReadFile(filepath.Join(folder, "okta_response.xml"))
	block, certErr := os.ReadFile(filepath.Join(folder, "okta_cert.pem"))
	if err != nil || readErr != nil || certErr != nil {
		t.Skip("gosaml2 is not in the module cache")
	}
	der, _ := pem.Decode(block)
	if der == nil {
		t.Fatal("the certificate is not PEM")
	}
	cert, err := x509.ParseCertificate(der.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	x := expectation{
		acs: "http://localhost:8080/v1/_saml_callback", audience: `"123"`, issuer: "http://www.okta.com/exk659aytfMeNI49v0h7",
		format:  "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", // what its administrator had chosen
		trusted: []*x509.Certificate{cert}, now: time.Date(2016, 7, 25, 23, 21, 0, 0, time.UTC), skew: 3 * time.Minute,
	}
	a, r := x.validateXML(doc)
	if r != nil {
		t.Fatalf("refused: %v", r)
	}
	if a.nameID == "" || a.inResponseTo != "_15f66d2d-628b-4d9b-a99e-089d8da862e1" {
		t.Errorf("read %+v", a)
	}
	x.now = x.now.Add(time.Hour)
	if _, r := x.validateXML(doc); r == nil || r.cause != causeExpired {
		t.Errorf("an hour later: %v", r)
	}
}

// TestACertificateThatHasExpired is trusted where that is how the service is, and only it: whoever signs with another
// key is refused as ever.
func TestACertificateThatHasExpired(t *testing.T) {
	x, ours := testExpectation()
	over := *x.trusted[0]
	over.NotAfter = testNow.Add(-time.Second)
	x.trusted = []*x509.Certificate{&over}
	stranger := ours
	stranger.signer = signers()[1]
	for _, accepts := range []bool{false, true} {
		x.expired = accepts
		if _, r := x.validateXML([]byte(ours.issue(t))); accepts != (r == nil) || r != nil && r.cause != causeSignature {
			t.Errorf("accepting them %t: %v", accepts, r)
		}
		if _, r := x.validateXML([]byte(stranger.issue(t))); r == nil || r.cause != causeSignature {
			t.Errorf("accepting them %t, of a stranger: %v", accepts, r)
		}
	}
}
