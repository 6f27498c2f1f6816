package idp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
	"github.com/regiondrill/regiondrill/harness/names"
)

// okta is the dialect of Okta, after genuine responses of 2016 to 2026: response and assertion are both signed, the
// assertion is valid for five minutes around its issue, and the PrefixList carries xs for the types of attributes.
func okta() dialect {
	return dialect{
		host:      names.OktaHost,
		endpoints: oktaEndpoints,
		newID:     oktaID,
		window:    window{before: 5 * time.Minute, after: 5 * time.Minute, confirmation: 5 * time.Minute},
		compose:   oktaResponse,
		signature: xmldsig.Style{Prefix: "ds", PrefixList: "xs"},
		signs:     signs{response: true, assertion: true},
		words:     oktaWords(),
		look:      oktaLook(),
		metadata:  oktaMetadata,

		bookmarkID: func(application, region string) string { return oktaName("0oa", application+region) + "/2557" },
	}
}

func oktaEndpoints(application string) endpoints {
	exk, tile, alias := oktaName("exk", application), oktaName("0oa", application), oktaName("aln", application)
	return endpoints{
		entityID: "http://www.okta.com/" + exk,
		sso:      "/app/amazon_aws_sso/" + exk + "/sso/saml",
		metadata: "/app/" + exk + "/sso/saml/metadata",
		tile:     "/home/amazon_aws_sso/" + tile + "/" + alias,
		bookmark: "/home/bookmark/",
		id:       tile,
	}
}

// oktaName is an id of Okta's form: three characters for its kind, seventeen of its own. The same application always
// has the same, so that a lab's URLs don't change from run to run.
func oktaName(kind, application string) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := sha256.Sum256([]byte(kind + application))
	name := []byte(kind)
	for _, b := range sum[:17] {
		name = append(name, alphabet[int(b)%len(alphabet)])
	}
	return string(name)
}

// oktaID is the letters id and 26 digits.
func oktaID() string {
	const half = 10_000_000_000_000
	var random [16]byte
	_, _ = rand.Read(random[:]) // never returns an error
	return fmt.Sprintf("id%013d%013d",
		binary.BigEndian.Uint64(random[:8])%half, binary.BigEndian.Uint64(random[8:])%half)
}

const (
	xsNamespace  = "http://www.w3.org/2001/XMLSchema"
	xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"
)

func oktaResponse(m message) (response, assertion *element) {
	assertion = oktaAssertion(m)
	root := attrs("xmlns:saml2p", protocolNamespace, "Destination", m.acs, "ID", m.responseID)
	root = append(root, optional("InResponseTo", m.inResponseTo)...)
	root = append(root, attrs("IssueInstant", instant(m.issued), "Version", "2.0", "xmlns:xs", xsNamespace)...)
	return &element{Name: "saml2p:Response", Attrs: root, Children: []*element{
		{Name: "saml2:Issuer", Attrs: attrs("xmlns:saml2", assertionNamespace, "Format", entityFormat), Text: m.issuer},
		{Name: "saml2p:Status", Attrs: attrs("xmlns:saml2p", protocolNamespace), Children: []*element{
			{Name: "saml2p:StatusCode", Attrs: attrs("Value", success)},
		}},
		assertion,
	}}, assertion
}

// oktaAssertion declares the namespace of SAML anew at most elements, as Okta does.
func oktaAssertion(m message) *element {
	issued := instant(m.issued)
	return &element{
		Name: "saml2:Assertion",
		Attrs: attrs(
			"xmlns:saml2", assertionNamespace, "ID", m.assertionID, "IssueInstant", issued, "Version", "2.0",
			"xmlns:xs", xsNamespace,
		),
		Children: []*element{
			{Name: "saml2:Issuer", Attrs: attrs("Format", entityFormat, "xmlns:saml2", assertionNamespace), Text: m.issuer},
			oktaSubject(m),
			{
				Name: "saml2:Conditions",
				Attrs: attrs(
					"NotBefore", instant(m.issued.Add(-m.window.before)),
					"NotOnOrAfter", instant(m.issued.Add(m.window.after)), "xmlns:saml2", assertionNamespace,
				),
				Children: []*element{{Name: "saml2:AudienceRestriction", Children: []*element{
					{Name: "saml2:Audience", Text: m.audience},
				}}},
			},
			oktaAuthnStatement(m),
			oktaAttributeStatement(m),
		},
	}
}

func oktaSubject(m message) *element {
	data := append(optional("InResponseTo", m.inResponseTo),
		attrs("NotOnOrAfter", instant(m.issued.Add(m.window.confirmation)), "Recipient", m.acs)...)
	return &element{Name: "saml2:Subject", Attrs: attrs("xmlns:saml2", assertionNamespace), Children: []*element{
		{Name: "saml2:NameID", Attrs: attrs("Format", emailAddress), Text: m.nameID},
		{Name: "saml2:SubjectConfirmation", Attrs: attrs("Method", bearer), Children: []*element{
			{Name: "saml2:SubjectConfirmationData", Attrs: data},
		}},
	}}
}

func oktaAuthnStatement(m message) *element {
	session := attrs("AuthnInstant", instant(m.issued), "SessionIndex", m.sessionIndex)
	session = append(session, optional("SessionNotOnOrAfter", m.sessionEnds)...) // where Okta is told to send it
	session = append(session, attrs("xmlns:saml2", assertionNamespace)...)
	return &element{Name: "saml2:AuthnStatement", Attrs: session, Children: []*element{
		{Name: "saml2:AuthnContext", Children: []*element{{
			Name: "saml2:AuthnContextClassRef",
			Text: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
		}}},
	}}
}

// oktaAttributeStatement says the person's address once more: IAM Identity Center needs no attribute, but a typed one
// is what puts xs on the PrefixList, and that is what verifiers stumble over.
func oktaAttributeStatement(m message) *element {
	saml2 := attrs("xmlns:saml2", assertionNamespace)
	return &element{Name: "saml2:AttributeStatement", Attrs: saml2, Children: []*element{{
		Name:  "saml2:Attribute",
		Attrs: attrs("Name", "email", "NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"),
		Children: []*element{{
			Name:  "saml2:AttributeValue",
			Attrs: attrs("xmlns:xs", xsNamespace, "xmlns:xsi", xsiNamespace, "xsi:type", "xs:string"),
			Text:  m.nameID,
		}},
	}}}
}
