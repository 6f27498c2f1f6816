package samlmetadata

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/idp"
	"github.com/regiondrill/regiondrill/fakes/pki"
)

const (
	entityID = "https://sso.acme.test/saml2/idp"
	ssoURL   = "https://sso.acme.test/saml2/idp/sso?tenant=1"
)

func signer(tb testing.TB) *pki.Signer {
	tb.Helper()
	s, err := pki.NewSigner("acme", time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// key is a KeyDescriptor with what stands in a certificate's element.
func key(use, text string) string {
	return `<md:KeyDescriptor` + use + `><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>` +
		`<ds:X509Certificate>` + text + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
}

// sso is a SingleSignOnService.
func sso(binding, location string) string {
	return `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:` + binding + `" Location="` + location + `"/>`
}

// descriptor is an EntityDescriptor of an identity provider.
func descriptor(id, inside string) string {
	return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + id + `">` +
		`<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + inside +
		`</md:IDPSSODescriptor></md:EntityDescriptor>`
}

func TestShapesOfTheField(t *testing.T) {
	one, two := signer(t).Cert, signer(t).Cert
	plain, other := base64.StdEncoding.EncodeToString(one.Raw), base64.StdEncoding.EncodeToString(two.Raw)
	wrapped := strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})), "\n", "\r\n")
	bare := strings.TrimSuffix(strings.TrimPrefix(wrapped, "-----BEGIN CERTIFICATE-----"), "-----END CERTIFICATE-----\r\n")
	services := sso("HTTP-POST", "https://sso.acme.test/post") + sso("HTTP-Redirect", ssoURL) + sso("SOAP", "https://sso.acme.test/soap")
	sp := `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="sp"><md:SPSSODescriptor ` +
		`protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + key("", other) + `</md:SPSSODescriptor></md:EntityDescriptor>`
	for name, c := range map[string]struct {
		document string
		want     []*x509.Certificate
	}{
		"plain":                {descriptor(entityID, key(` use="signing"`, plain)+services), []*x509.Certificate{one}},
		"CRLF and blanks":      {descriptor(entityID, key("", "\r\n  "+bare+"\t ")+services), []*x509.Certificate{one}},
		"in PEM":               {descriptor(entityID, key("", wrapped)+services), []*x509.Certificate{one}},
		"two keys":             {descriptor(entityID, key("", plain)+key("", other)+services), []*x509.Certificate{one, two}},
		"the same twice":       {descriptor(entityID, key("", plain)+key("", bare)+services), []*x509.Certificate{one}},
		"one for encryption":   {descriptor(entityID, key(` use="encryption"`, other)+key("", plain)+services), []*x509.Certificate{one}},
		"no prefix":            {strings.NewReplacer("<md:", "<", "</md:", "</", "xmlns:md=", "xmlns=").Replace(descriptor(entityID, key("", plain)+services)), []*x509.Certificate{one}},
		"another prefix":       {strings.NewReplacer("md:", "m:", ":md=", ":m=").Replace(descriptor(entityID, key("", plain)+services)), []*x509.Certificate{one}},
		"wrapped":              {`<?xml version="1.0"?><md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">` + sp + descriptor(entityID, key("", plain)+services) + `</md:EntitiesDescriptor>`, []*x509.Certificate{one}},
		"byte order mark":      {"\ufeff" + descriptor(entityID, key("", plain)+services), []*x509.Certificate{one}},
		"comments":             {"<!-- of acme -->\n" + descriptor(entityID, key("", plain[:40]+"<!-- -->"+plain[40:])+services) + "\n", []*x509.Certificate{one}},
		"escaped":              {strings.ReplaceAll(descriptor(entityID, key("", plain)+services), "+", "&#43;"), []*x509.Certificate{one}},
		"several of a binding": {descriptor(entityID, key("", plain)+services+sso("HTTP-Redirect", "https://other.test/")), []*x509.Certificate{one}},
	} {
		p, err := Read([]byte(c.document))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.EntityID != entityID || p.SSOURL != ssoURL || len(p.Certificates) != len(c.want) {
			t.Errorf("%s: %s at %s, %d certificates", name, p.EntityID, p.SSOURL, len(p.Certificates))
			continue
		}
		for i, want := range c.want {
			if !p.Certificates[i].Equal(want) {
				t.Errorf("%s: certificate %d is another", name, i)
			}
		}
	}
}

// What our own providers serve is read as their products' would be.
func TestOurOwnDialects(t *testing.T) {
	for _, dialect := range []string{"okta", "entra"} {
		p, err := idp.New(idp.Config{Dialect: dialect, Signer: signer(t), App: idp.App{Issuer: "urn:x"}}, idp.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Rotate(idp.Rotation{KeepOld: true}); err != nil {
			t.Fatal(err)
		}
		read, err := Read(p.Metadata())
		if err != nil || read.EntityID != p.EntityID() || read.SSOURL != p.SSOURL() || len(read.Certificates) != 2 {
			t.Errorf("%s: %+v, %v", dialect, read, err)
		}
	}
}

func TestMetadataThatCantBeUsed(t *testing.T) {
	good := key("", base64.StdEncoding.EncodeToString(signer(t).Cert.Raw))
	redirect := sso("HTTP-Redirect", ssoURL)
	whole := descriptor(entityID, good+redirect)
	for name, c := range map[string]struct{ document, says string }{
		"nothing":        {"", "is empty"},
		"no XML":         {"hello", "has no EntityDescriptor"},
		"HTML":           {"<html><body>Sign in</body></html>", "line 1, column 7: it begins with <html>"},
		"cut off":        {"\n" + whole[:len(whole)-9], "line 2"},
		"no entity":      {`<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>`, "has no EntityDescriptor"},
		"no entity ID":   {descriptor("", good+redirect), "has no entityID"},
		"no provider":    {strings.ReplaceAll(whole, "IDPSSODescriptor", "SPSSODescriptor"), "has no IDPSSODescriptor"},
		"SAML 1.1":       {strings.ReplaceAll(whole, "SAML:2.0:protocol", "SAML:1.1:protocol"), "has no IDPSSODescriptor"},
		"two providers":  {`<a:EntitiesDescriptor xmlns:a="urn:oasis:names:tc:SAML:2.0:metadata">` + whole + descriptor("two", "") + `</a:EntitiesDescriptor>`, "has several identity providers, and must have one: " + entityID + ", two"},
		"no certificate": {descriptor(entityID, redirect), "has no X509Certificate for signing"},
		"encryption key": {descriptor(entityID, strings.Replace(good, "Descriptor>", `Descriptor use="encryption">`, 1)+redirect), "has no X509Certificate for signing"},
		"no base64":      {descriptor(entityID, key("", "?")+redirect), "(number 1) that can't be read: it is not in base64"},
		"no DER":         {descriptor(entityID, key("", "AAAA")+redirect), "it is not a certificate in DER"},
		"no RSA":         {descriptor(entityID, key("", elliptical(t))+redirect), "its key is not an RSA key"},
		"no service":     {descriptor(entityID, good), "has no SingleSignOnService"},
		"POST alone":     {descriptor(entityID, good+sso("HTTP-POST", ssoURL)), "binding HTTP-Redirect, only HTTP-POST"},
		"relative":       {descriptor(entityID, good+sso("HTTP-Redirect", "/sso")), `at "/sso", which is no absolute URL`},
		"a script":       {descriptor(entityID, good+sso("HTTP-Redirect", "javascript:alert(1)")), "which is no absolute URL"},
		"document type":  {`<!DOCTYPE x [<!ENTITY a "b">]>` + whole, "it has a document type"},
		"too deep":       {descriptor(entityID, strings.Repeat("<a>", maxDepth)), "nested deeper"},
		"nested":         {descriptor(entityID, key("", descriptor("two", "")+"AAAA")+redirect), "an EntityDescriptor within another"},
		"certificates":   {descriptor(entityID, strings.Repeat(good, maxCertificates+1)+redirect), "more than 10 certificates"},
		"too long":       {whole + strings.Repeat(" ", MaxLength), "and IAM Identity Center takes 75000"},
	} {
		if _, err := Read([]byte(c.document)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read([]byte(whole + strings.Repeat("é", MaxLength-len(whole)))); err != nil {
		t.Errorf("as long as may be: %v", err)
	}
}

func elliptical(tb testing.TB) string {
	tb.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		tb.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// FuzzMetadata holds that whatever is read is whole, and that nothing else than a sentence comes of the rest.
func FuzzMetadata(f *testing.F) {
	good := key("", base64.StdEncoding.EncodeToString(signer(f).Cert.Raw))
	for _, seed := range []string{
		"", "<a", descriptor(entityID, good+sso("HTTP-Redirect", ssoURL)), descriptor(entityID, good+good+sso("HTTP-POST", ssoURL)),
		`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + descriptor("a", "") + descriptor("b", "") + `</EntitiesDescriptor>`,
		"<!DOCTYPE x>", "\ufeff<?xml version='1.0' encoding='utf-16'?>", descriptor(entityID, "<md:KeyDescriptor/>"+key("", "<a/>")),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := Read(document)
		switch {
		case err != nil && (p != nil || err.Error() == ""):
			t.Fatalf("%+v and %v", p, err)
		case err == nil && (p.EntityID == "" || !strings.Contains(p.SSOURL, "://") || len(p.Certificates) == 0):
			t.Fatalf("taken: %+v", p)
		}
	})
}
