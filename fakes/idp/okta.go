package idp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

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
		signature: signatureStyle{prefix: "ds", inclusive: "xs"},
		signs:     signs{response: true, assertion: true},
	}
}

func oktaEndpoints(application string) endpoints {
	exk, tile, alias := oktaName("exk", application), oktaName("0oa", application), oktaName("aln", application)
	return endpoints{
		entityID: "http://www.okta.com/" + exk,
		sso:      "/app/amazon_aws_sso/" + exk + "/sso/saml",
		metadata: "/app/" + exk + "/sso/saml/metadata",
		tile:     "/home/amazon_aws_sso/" + tile + "/" + alias,
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
	attrs := []attr{{"xmlns:saml2p", protocolNamespace}, {"Destination", m.acs}, {"ID", m.responseID}}
	attrs = append(attrs, oktaInResponseTo(m)...)
	attrs = append(attrs, attr{"IssueInstant", instant(m.issued)}, attr{"Version", "2.0"}, attr{"xmlns:xs", xsNamespace})
	return &element{name: "saml2p:Response", attrs: attrs, children: []*element{
		{name: "saml2:Issuer", attrs: []attr{saml2, issuerFormat}, text: m.issuer},
		{name: "saml2p:Status", attrs: []attr{{"xmlns:saml2p", protocolNamespace}}, children: []*element{
			{name: "saml2p:StatusCode", attrs: []attr{{"Value", success}}},
		}},
		assertion,
	}}, assertion
}

// Okta declares the namespaces of SAML anew at each of these elements.
var (
	saml2        = attr{"xmlns:saml2", assertionNamespace}
	issuerFormat = attr{"Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"}
)

func oktaAssertion(m message) *element {
	issued := instant(m.issued)
	return &element{
		name: "saml2:Assertion",
		attrs: []attr{
			saml2, {"ID", m.assertionID}, {"IssueInstant", issued}, {"Version", "2.0"}, {"xmlns:xs", xsNamespace},
		},
		children: []*element{
			{name: "saml2:Issuer", attrs: []attr{issuerFormat, saml2}, text: m.issuer},
			oktaSubject(m),
			{
				name: "saml2:Conditions",
				attrs: []attr{
					{"NotBefore", instant(m.issued.Add(-m.window.before))},
					{"NotOnOrAfter", instant(m.issued.Add(m.window.after))}, saml2,
				},
				children: []*element{{name: "saml2:AudienceRestriction", children: []*element{
					{name: "saml2:Audience", text: m.audience},
				}}},
			},
			oktaAuthnStatement(m),
			oktaAttributeStatement(m),
		},
	}
}

func oktaSubject(m message) *element {
	data := append(oktaInResponseTo(m),
		attr{"NotOnOrAfter", instant(m.issued.Add(m.window.confirmation))}, attr{"Recipient", m.acs})
	return &element{name: "saml2:Subject", attrs: []attr{saml2}, children: []*element{
		{name: "saml2:NameID", attrs: []attr{{"Format", emailAddress}}, text: m.nameID},
		{name: "saml2:SubjectConfirmation", attrs: []attr{{"Method", bearer}}, children: []*element{
			{name: "saml2:SubjectConfirmationData", attrs: data},
		}},
	}}
}

func oktaInResponseTo(m message) []attr {
	if m.inResponseTo == "" {
		return nil
	}
	return []attr{{"InResponseTo", m.inResponseTo}}
}

func oktaAuthnStatement(m message) *element {
	attrs := []attr{{"AuthnInstant", instant(m.issued)}, {"SessionIndex", m.sessionIndex}}
	if !m.sessionEnds.IsZero() { // only where the administrator has Okta send it
		attrs = append(attrs, attr{"SessionNotOnOrAfter", instant(m.sessionEnds)})
	}
	return &element{name: "saml2:AuthnStatement", attrs: append(attrs, saml2), children: []*element{
		{name: "saml2:AuthnContext", children: []*element{{
			name: "saml2:AuthnContextClassRef",
			text: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
		}}},
	}}
}

// oktaAttributeStatement says the person's address once more: IAM Identity Center needs no attribute, but a typed one
// is what puts xs on the PrefixList, and that is what verifiers stumble over.
func oktaAttributeStatement(m message) *element {
	return &element{name: "saml2:AttributeStatement", attrs: []attr{saml2}, children: []*element{{
		name: "saml2:Attribute",
		attrs: []attr{
			{"Name", "email"}, {"NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"},
		},
		children: []*element{{
			name:  "saml2:AttributeValue",
			attrs: []attr{{"xmlns:xs", xsNamespace}, {"xmlns:xsi", xsiNamespace}, {"xsi:type", "xs:string"}},
			text:  m.nameID,
		}},
	}}}
}
