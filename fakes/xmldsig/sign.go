package xmldsig

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
)

// Style is how a vendor spells an enveloped signature.
type Style struct {
	Prefix     string // of the XML Signature namespace; empty makes it the default namespace
	PrefixList string // of InclusiveNamespaces; empty leaves the element out
}

// Signer signs elements. It keeps what is the same in each signature.
type Signer struct {
	key         crypto.Signer // RSA
	certificate string        // base64 DER
}

// NewSigner makes a signer of an RSA key and the certificate that goes with it in every signature.
func NewSigner(key crypto.Signer, certificate *x509.Certificate) Signer {
	return Signer{key: key, certificate: base64.StdEncoding.EncodeToString(certificate.Raw)}
}

// Sign envelops an RSA-SHA256 signature of the element, which is one that will be sent and has an ID. The signature
// stands behind the first child, which is the issuer (SAML core, 5.4.1 and the schema). Whatever is signed inside must
// be signed before. Its errors are those of the key, and of an element without ID or issuer.
func (s Signer) Sign(e *Element, style Style) error {
	id, ok := e.Attr("ID")
	if !ok || len(e.Children) == 0 {
		return fmt.Errorf("signing %s: %w", e.Name, errors.New("it has no ID or no issuer"))
	}
	signature := &Element{Name: style.tag("Signature"), Attrs: []Attr{style.declaration()}}
	info := style.signedInfo(id, digest(crypto.SHA256, e, nil, style.PrefixList))
	info.parent = signature
	value, err := s.key.Sign(rand.Reader, digest(crypto.SHA256, info, nil, ""), crypto.SHA256)
	if err != nil {
		return fmt.Errorf("signing %s: %w", e.Name, err)
	}
	signature.Children = []*Element{
		info,
		{Name: style.tag("SignatureValue"), Text: base64.StdEncoding.EncodeToString(value)},
		s.KeyInfo(style),
	}
	e.Children = slices.Insert(e.Children, 1, signature)
	return nil
}

// KeyInfo is the ds:KeyInfo that names the signer's certificate, in a style whose namespace is declared around it.
func (s Signer) KeyInfo(style Style) *Element {
	return &Element{Name: style.tag("KeyInfo"), Children: []*Element{
		{Name: style.tag("X509Data"), Children: []*Element{
			{Name: style.tag("X509Certificate"), Text: s.certificate},
		}},
	}}
}

func (s Style) signedInfo(id string, sum []byte) *Element {
	algorithm := func(local, uri string, children ...*Element) *Element {
		return &Element{Name: s.tag(local), Attrs: []Attr{{"Algorithm", uri}}, Children: children}
	}
	var inclusive []*Element
	if s.PrefixList != "" {
		inclusive = []*Element{{
			Name:  "ec:InclusiveNamespaces",
			Attrs: []Attr{{"xmlns:ec", ExcC14N}, {"PrefixList", s.PrefixList}},
		}}
	}
	return &Element{Name: s.tag("SignedInfo"), Children: []*Element{
		algorithm("CanonicalizationMethod", ExcC14N),
		algorithm("SignatureMethod", RSASHA256),
		{Name: s.tag("Reference"), Attrs: []Attr{{"URI", "#" + id}}, Children: []*Element{
			{Name: s.tag("Transforms"), Children: []*Element{
				algorithm("Transform", EnvelopedSignature),
				algorithm("Transform", ExcC14N, inclusive...),
			}},
			algorithm("DigestMethod", SHA256),
			{Name: s.tag("DigestValue"), Text: base64.StdEncoding.EncodeToString(sum)},
		}},
	}}
}

func (s Style) tag(local string) string {
	if s.Prefix == "" {
		return local
	}
	return s.Prefix + ":" + local
}

func (s Style) declaration() Attr {
	if s.Prefix == "" {
		return Attr{"xmlns", Namespace}
	}
	return Attr{"xmlns:" + s.Prefix, Namespace}
}
