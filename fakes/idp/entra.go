package idp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/names"
)

// entra is the dialect of Microsoft Entra ID, after its documentation ("Single sign-on SAML protocol") and responses
// from the field: the assertion alone is signed, namespaces are declared as defaults, and the attributes come before
// the authentication. The documented windows are used: 70 minutes for the assertion, 5 for its confirmation.
func entra() dialect {
	return dialect{
		host:      names.EntraHost,
		endpoints: entraEndpoints,
		newID:     entraID,
		window:    window{after: 70 * time.Minute, confirmation: 5 * time.Minute},
		compose:   entraResponse,
		signs:     signs{assertion: true},
		words:     entraWords(),
		look:      entraLook(),
		metadata:  entraMetadata,
		anywhere:  true,

		bookmarkID:   func(application, region string) string { return entraName("bookmark "+region, application) },
		ignoresIndex: true,
	}
}

func entraEndpoints(application string) endpoints {
	tenant, app := entraName("tenant", application), entraName("application", application)
	return endpoints{
		entityID: "https://sts.windows.net/" + tenant + "/",
		sso:      "/" + tenant + "/saml2",
		metadata: "/" + tenant + "/federationmetadata/2007-06/federationmetadata.xml",
		tile:     "/api/signin/" + app,
		bookmark: "/api/signin/",
		id:       app,
	}
}

// entraName is a GUID that the same words always give.
func entraName(kind, of string) string {
	sum := sha256.Sum256([]byte(kind + of))
	return guid([16]byte(sum[:16]))
}

// entraID is an underscore and a GUID.
func entraID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never returns an error
	return "_" + guid(random)
}

func guid(b [16]byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562, version 4
	text := hex.EncodeToString(b[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

func entraResponse(m message) (response, assertion *element) {
	assertion = entraAssertion(m)
	root := attrs("ID", m.responseID, "Version", "2.0", "IssueInstant", instant(m.issued), "Destination", m.acs)
	root = append(root, optional("InResponseTo", m.inResponseTo)...)
	return &element{
		Name: "samlp:Response", Attrs: append(root, attrs("xmlns:samlp", protocolNamespace)...),
		Children: []*element{
			{Name: "Issuer", Attrs: attrs("xmlns", assertionNamespace), Text: m.issuer},
			{Name: "samlp:Status", Children: []*element{
				{Name: "samlp:StatusCode", Attrs: attrs("Value", success)},
			}},
			assertion,
		},
	}, assertion
}

func entraAssertion(m message) *element {
	return &element{
		Name: "Assertion",
		Attrs: attrs(
			"ID", m.assertionID, "IssueInstant", instant(m.issued), "Version", "2.0", "xmlns", assertionNamespace,
		),
		Children: []*element{
			{Name: "Issuer", Text: m.issuer},
			entraSubject(m),
			{
				Name: "Conditions",
				Attrs: attrs(
					"NotBefore", instant(m.issued.Add(-m.window.before)),
					"NotOnOrAfter", instant(m.issued.Add(m.window.after)),
				),
				Children: []*element{{Name: "AudienceRestriction", Children: []*element{
					{Name: "Audience", Text: m.audience},
				}}},
			},
			entraAttributeStatement(m),
			entraAuthnStatement(m),
		},
	}
}

func entraSubject(m message) *element {
	data := append(optional("InResponseTo", m.inResponseTo),
		attrs("NotOnOrAfter", instant(m.issued.Add(m.window.confirmation)), "Recipient", m.acs)...)
	return &element{Name: "Subject", Children: []*element{
		{Name: "NameID", Attrs: attrs("Format", emailAddress), Text: m.nameID},
		{Name: "SubjectConfirmation", Attrs: attrs("Method", bearer), Children: []*element{
			{Name: "SubjectConfirmationData", Attrs: data},
		}},
	}}
}

func entraAttributeStatement(m message) *element {
	const (
		microsoft = "http://schemas.microsoft.com/identity/claims/"
		methods   = "http://schemas.microsoft.com/claims/authnmethodsreferences"
		password  = "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"
		multiple  = "http://schemas.microsoft.com/claims/multipleauthn"
		identity  = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	)
	tenant := strings.TrimSuffix(m.issuer[strings.LastIndex(strings.TrimSuffix(m.issuer, "/"), "/")+1:], "/")
	statement := &element{Name: "AttributeStatement"}
	claim := func(name string, values ...string) {
		attribute := &element{Name: "Attribute", Attrs: attrs("Name", name)}
		for _, v := range values {
			attribute.Children = append(attribute.Children, &element{Name: "AttributeValue", Text: v})
		}
		statement.Children = append(statement.Children, attribute)
	}
	how := []string{password}
	if m.multifactor {
		how = append(how, multiple)
	}
	claim(microsoft+"tenantid", tenant)
	claim(microsoft+"objectidentifier", entraName("person", m.nameID))
	claim(microsoft+"identityprovider", m.issuer)
	claim(methods, how...)
	claim(identity+"emailaddress", m.nameID)
	claim(identity+"name", m.nameID)
	return statement
}

// entraAuthnStatement has the assertion's own ID for its session.
func entraAuthnStatement(m message) *element {
	session := attrs("AuthnInstant", instant(m.issued), "SessionIndex", m.assertionID)
	session = append(session, optional("SessionNotOnOrAfter", m.sessionEnds)...)
	return &element{Name: "AuthnStatement", Attrs: session, Children: []*element{
		{Name: "AuthnContext", Children: []*element{{
			Name: "AuthnContextClassRef", Text: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
		}}},
	}}
}
