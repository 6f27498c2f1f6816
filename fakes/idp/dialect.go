package idp

import (
	"encoding/base64"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

const (
	protocolNamespace  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNamespace = "urn:oasis:names:tc:SAML:2.0:assertion"
	metadataNamespace  = "urn:oasis:names:tc:SAML:2.0:metadata"
	entityFormat       = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
	unspecified        = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	emailAddress       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	bearer             = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	success            = "urn:oasis:names:tc:SAML:2.0:status:Success"
	bindingPost        = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
	bindingRedirect    = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
)

// dialect is how one vendor's identity provider speaks: where its endpoints are and what its messages look like.
// One more vendor is one more file with a function that returns its dialect, and a line in dialects.
type dialect struct {
	host      string // in the lab
	endpoints func(application string) endpoints
	newID     func() string // of a message
	window    window
	compose   func(m message) (response, assertion *element)
	signature xmldsig.Style
	signs     signs
	words     wording
	look      look
	metadata  func(p *IdP, k *keys) ([]byte, error)
	anywhere  bool // a request's Destination is ignored

	bookmarkID   func(application, region string) string
	ignoresIndex bool // of an AssertionConsumerService
}

// signs says which elements of a response are signed.
type signs struct{ response, assertion bool }

// window is how far around its issue instant an assertion is valid.
type window struct{ before, after, confirmation time.Duration }

// endpoints are the names that a vendor gives an application: its entity ID and the paths on the provider's host.
type endpoints struct {
	entityID, sso, metadata, tile string
	bookmark                      string // a bookmark app's id goes behind it
	id                            string // of the application
}

func dialects() map[string]func() dialect {
	return map[string]func() dialect{"okta": okta, "entra": entra}
}

// message is what a response says, whoever's words it is said in.
type message struct {
	responseID, assertionID string
	issuer, audience        string
	acs                     string // Destination and Recipient
	inResponseTo            string // empty when unsolicited
	sessionIndex            string
	nameID                  string
	issued                  time.Time
	window                  window
	sessionEnds             string // an instant; empty: unsaid
	multifactor             bool   // a one-time code was asked for beside the password
}

// instant is an xs:dateTime in UTC with milliseconds, as both vendors write it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

type element = xmldsig.Element

// attrs lists attributes, given as names and values in turn.
func attrs(namesAndValues ...string) []xmldsig.Attr {
	list := make([]xmldsig.Attr, 0, len(namesAndValues)/2)
	for pair := range slices.Chunk(namesAndValues, 2) {
		list = append(list, xmldsig.Attr{Name: pair[0], Value: pair[1]})
	}
	return list
}

// optional is an attribute that is left out where it would be empty.
func optional(name, value string) []xmldsig.Attr {
	if value == "" {
		return nil
	}
	return attrs(name, value)
}

// issue writes a response for the person, signed as the dialect does, in the base64 of the HTTP-POST binding.
func (p *IdP) issue(to grant) (string, error) {
	on := p.flaws.of(to.acs)
	if again, ok := p.replayed(to, on); ok {
		return again, nil
	}
	now := p.now()
	m := message{
		responseID: p.dialect.newID(), assertionID: p.dialect.newID(),
		issuer: p.endpoints.entityID, audience: p.app.Issuer, acs: to.acs, inResponseTo: to.request,
		sessionIndex: to.request, nameID: to.person, issued: now, window: p.dialect.window,
	}
	if m.sessionIndex == "" {
		m.sessionIndex = p.dialect.newID()
	}
	if person, ok := p.directory.find(to.person); ok {
		m.multifactor = person.Secret != ""
	}
	if p.sessionDuration > 0 {
		m.sessionEnds = instant(now.Add(p.sessionDuration))
	}
	m.say(on)
	response, assertion := p.dialect.compose(m)
	signer := p.keysFor(to.acs).signer
	var signed []*element
	if assertions := p.spoil(on, response, assertion); p.dialect.signs.assertion {
		signed = assertions
	}
	if p.dialect.signs.response {
		signed = append(signed, response) // over the signatures of what is in it
	}
	for _, e := range signed {
		if err := signer.Sign(e, p.dialect.signature); err != nil {
			return "", err
		}
	}
	encoded := base64.StdEncoding.EncodeToString(xmldsig.Document(response))
	p.keep(to, encoded)
	return encoded, nil
}
