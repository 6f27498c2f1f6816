package idp

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/regiondrill/regiondrill/fakes/pki"
)

const (
	dsigNamespace = "http://www.w3.org/2000/09/xmldsig#"
	excC14N       = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped     = dsigNamespace + "enveloped-signature"
	rsaSHA256     = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	sha256Digest  = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// signatureStyle is how a vendor spells an enveloped signature.
type signatureStyle struct {
	prefix    string // of the XML Signature namespace; empty makes it the default namespace
	inclusive string // PrefixList of InclusiveNamespaces; empty leaves the element out
}

// notary signs elements. It keeps what is the same in each signature.
type notary struct {
	key         crypto.Signer
	certificate string // base64 DER
}

func newNotary(s *pki.Signer) notary {
	return notary{key: s.Key, certificate: base64.StdEncoding.EncodeToString(s.Cert.Raw)}
}

// sign envelops an RSA-SHA256 signature in the element, behind its first child (SAML 2.0 Core, 5.4.1 and the schema:
// the signature follows the issuer). Whatever is signed inside must be signed before.
func (n notary) sign(e *element, id string, style signatureStyle) error {
	digest := sha256.Sum256(canonical(e, style.inclusive))
	info := style.signedInfo(id, base64.StdEncoding.EncodeToString(digest[:]))
	namespace := attr{style.prefix, dsigNamespace}
	sum := sha256.Sum256(canonical(info, "", namespace))
	value, err := n.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return fmt.Errorf("signing %s: %w", e.name, err)
	}
	e.insert(1, &element{
		name:  style.tag("Signature"),
		attrs: []attr{style.declaration()},
		children: []*element{
			info,
			{name: style.tag("SignatureValue"), text: base64.StdEncoding.EncodeToString(value)},
			{name: style.tag("KeyInfo"), children: []*element{
				{name: style.tag("X509Data"), children: []*element{
					{name: style.tag("X509Certificate"), text: n.certificate},
				}},
			}},
		},
	})
	return nil
}

func (s signatureStyle) signedInfo(id, digest string) *element {
	algorithm := func(tag, uri string, children ...*element) *element {
		return &element{name: s.tag(tag), attrs: []attr{{"Algorithm", uri}}, children: children}
	}
	var inclusive []*element
	if s.inclusive != "" {
		inclusive = []*element{{
			name:  "ec:InclusiveNamespaces",
			attrs: []attr{{"xmlns:ec", excC14N}, {"PrefixList", s.inclusive}},
		}}
	}
	return &element{name: s.tag("SignedInfo"), children: []*element{
		algorithm("CanonicalizationMethod", excC14N),
		algorithm("SignatureMethod", rsaSHA256),
		{name: s.tag("Reference"), attrs: []attr{{"URI", "#" + id}}, children: []*element{
			{name: s.tag("Transforms"), children: []*element{
				algorithm("Transform", enveloped),
				algorithm("Transform", excC14N, inclusive...),
			}},
			algorithm("DigestMethod", sha256Digest),
			{name: s.tag("DigestValue"), text: digest},
		}},
	}}
}

func (s signatureStyle) tag(local string) string {
	if s.prefix == "" {
		return local
	}
	return s.prefix + ":" + local
}

func (s signatureStyle) declaration() attr {
	if s.prefix == "" {
		return attr{"xmlns", dsigNamespace}
	}
	return attr{"xmlns:" + s.prefix, dsigNamespace}
}
