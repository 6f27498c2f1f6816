package identitycenter

import (
	"crypto/x509"
	"encoding/base64"
	"time"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

const (
	maxEncodedResponse = 256 << 10 // bytes of base64, before anything is decoded
	maxAssertion       = 50_000    // characters (IAM Identity Center User Guide, "Quotas")

	nsProtocol         = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion        = "urn:oasis:names:tc:SAML:2.0:assertion"
	statusSuccess      = "urn:oasis:names:tc:SAML:2.0:status:Success"
	confirmationBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	formatEmail        = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	formatEntity       = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
)

// expectation is what one assertion consumer service accepts at one instant.
type expectation struct {
	acs      string // its URL
	audience string
	issuer   string // entity ID of the identity provider
	format   string // of the NameID
	trusted  []*x509.Certificate
	expired  bool // whether they are trusted after their time
	now      time.Time
	skew     time.Duration
}

// authentication is what a verified response says.
type authentication struct {
	nameID       string
	assertionID  string
	inResponseTo string    // "" in an unsolicited response
	usableUntil  time.Time // with the skew: a replay is refused until then, and the assertion itself after it
	sessionEnd   time.Time // SessionNotOnOrAfter with the skew; zero where the provider leaves it open
}

// validate checks a SAMLResponse of the HTTP-POST binding as delivered, all but what needs memory: whether the request
// is outstanding and the assertion is new. It reads nothing but what a trusted signature covers, and the attributes of
// an unsigned Response only to refuse more.
func (x *expectation) validate(encoded string) (*authentication, *refusal) {
	if len(encoded) > maxEncodedResponse {
		return nil, refuse(causeTooLarge, "SAMLResponse of %d bytes", len(encoded))
	}
	doc, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, refuse(causeMalformed, "SAMLResponse is not base64")
	}
	return x.validateXML(doc)
}

// verify proves a signature by a certificate that is trusted and, where that is asked for, has not expired.
func (x *expectation) verify(sig *xmldsig.Element) error {
	err := xmldsig.Verify(sig, x.trusted, x.now)
	if err == nil || !x.expired {
		return err
	}
	for _, cert := range x.trusted {
		if x.now.After(cert.NotAfter) && xmldsig.Verify(sig, []*x509.Certificate{cert}, cert.NotAfter) == nil {
			return nil
		}
	}
	return err
}

func (x *expectation) validateXML(doc []byte) (*authentication, *refusal) {
	root, err := xmldsig.Parse(doc)
	if err != nil {
		return nil, refuse(causeMalformed, "%v", err)
	}
	response, r := readShape(root)
	if r != nil {
		return nil, r
	}
	for _, sig := range response.signatures {
		if err := x.verify(sig); err != nil {
			return nil, refuse(causeSignature, "%s: %v", sig.Parent().Local(), err)
		}
	}
	if len(response.signatures) == 0 {
		return nil, refuse(causeSignature, "neither the response nor the assertion is signed")
	}
	if r := x.checkResponse(response); r != nil {
		return nil, r
	}
	return x.checkAssertion(response)
}
