// Package samlmetadata reads the SAML metadata of an identity provider (SAML 2.0 Metadata) as IAM Identity Center is
// given it: what it needs is the entity ID, the certificates that responses are signed with, and where people are sent
// to sign in by the HTTP-Redirect binding (IAM Identity Center User Guide, "Using SAML and SCIM identity federation
// with external identity providers").
//
// What providers export is of many shapes: with or without prefixes, wrapped in an EntitiesDescriptor, with blanks and
// CRLF in certificates, with PEM's lines around them, with two signing keys while one is rotated. All are read.
package samlmetadata

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxLength is how many characters Identity Center takes.
const MaxLength = 75_000

// Limits beyond which a document is none of a provider's.
const (
	maxEntities     = 100
	maxCertificates = 10
	maxDepth        = 64
)

// Namespaces and names of SAML.
const (
	metadataNamespace  = "urn:oasis:names:tc:SAML:2.0:metadata"
	protocolNamespace  = "urn:oasis:names:tc:SAML:2.0:protocol"
	signatureNamespace = "http://www.w3.org/2000/09/xmldsig#"
	bindingRedirect    = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
)

// Provider is what a service provider must know of an identity provider.
type Provider struct {
	EntityID     string
	SSOURL       string // where AuthnRequests go by HTTP-Redirect; absolute
	Certificates []*x509.Certificate
}

// Read reads a document. Its error is one sentence for whoever wrote or downloaded it; it goes on from the document's
// name ("has no …").
func Read(document []byte) (*Provider, error) {
	if len(bytes.TrimSpace(document)) == 0 {
		return nil, errors.New("is empty")
	}
	if n := utf8.RuneCount(document); n > MaxLength {
		return nil, fmt.Errorf("has %d characters, and IAM Identity Center takes %d", n, MaxLength)
	}
	found, err := scan(document)
	if err != nil {
		return nil, err
	}
	var providers []*entity
	for _, e := range found {
		if e.provider {
			providers = append(providers, e)
		}
	}
	switch {
	case len(found) == 0:
		return nil, errors.New("has no EntityDescriptor")
	case len(providers) == 0:
		return nil, errors.New("has no IDPSSODescriptor: it is not that of an identity provider for SAML 2.0")
	case len(providers) > 1:
		return nil, fmt.Errorf("has several identity providers, and must have one: %s", entityIDs(providers))
	}
	return providers[0].read()
}

func entityIDs(of []*entity) string {
	var list []string
	for _, e := range of {
		list = append(list, e.id)
	}
	return strings.Join(list, ", ")
}

// read makes sense of what stands in an EntityDescriptor.
func (e *entity) read() (*Provider, error) {
	p := &Provider{EntityID: e.id, SSOURL: e.redirect}
	if p.EntityID == "" {
		return nil, errors.New("has no entityID")
	}
	switch u, err := url.Parse(p.SSOURL); {
	case p.SSOURL == "" && len(e.bindings) > 0:
		return nil, fmt.Errorf("has no SingleSignOnService of the binding HTTP-Redirect, only %s",
			strings.Join(e.bindings, ", "))
	case p.SSOURL == "":
		return nil, errors.New("has no SingleSignOnService")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "":
		return nil, fmt.Errorf("has a SingleSignOnService at %q, which is no absolute URL", p.SSOURL)
	}
	for i, text := range e.certificates {
		certificate, err := parseCertificate(text)
		if err != nil {
			return nil, fmt.Errorf("has an X509Certificate (number %d) that can't be read: %w", i+1, err)
		}
		if !slices.ContainsFunc(p.Certificates, certificate.Equal) {
			p.Certificates = append(p.Certificates, certificate)
		}
	}
	if len(p.Certificates) == 0 {
		return nil, errors.New("has no X509Certificate for signing")
	}
	return p, nil
}

// parseCertificate reads a certificate's base64, with whatever white space and PEM lines stand in it.
func parseCertificate(text string) (*x509.Certificate, error) {
	text = strings.ReplaceAll(text, "-----BEGIN CERTIFICATE-----", "")
	text = strings.ReplaceAll(text, "-----END CERTIFICATE-----", "")
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errors.New("it is not in base64")
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("it is not a certificate in DER")
	}
	if _, ok := certificate.PublicKey.(*rsa.PublicKey); !ok {
		return nil, errors.New("its key is not an RSA key")
	}
	return certificate, nil
}
