package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Bits is the length of RSA keys which the identity providers of the field use. FewBits is the shortest that Go signs
// with, at a fifth of the cost: for time that is virtual, where nothing depends on what signing takes.
const (
	Bits    = 2048
	FewBits = 1024
)

// Signer signs SAML messages: an RSA key and its self-signed certificate.
type Signer struct {
	Key  crypto.Signer
	Cert *x509.Certificate
}

// NewSigner makes a signer of a key of Bits, whose certificate is valid at now and for ten years after.
func NewSigner(name string, now time.Time) (*Signer, error) {
	from, until := Valid(now)
	return NewSignerFor(name, Bits, from, until)
}

// NewSignerFor makes a signer whose certificate is valid between two instants, which may be over.
func NewSignerFor(name string, bits int, from, until time.Time) (*Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("making the signing key of %s: %w", name, err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(from.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    from,
		NotAfter:     until,
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate of %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of %s: %w", name, err)
	}
	return &Signer{Key: key, Cert: cert}, nil
}

// Valid is how long from now on the certificates of this package are.
func Valid(now time.Time) (from, until time.Time) { return now.Add(-time.Hour), now.Add(validity) }

// Bits is the length of its key, Bits where it isn't RSA's.
func (s *Signer) Bits() int {
	if public, ok := s.Cert.PublicKey.(*rsa.PublicKey); ok {
		return public.N.BitLen()
	}
	return Bits
}

// SignerOf is a signer whose key and certificate were made elsewhere: by NewSigner in another process.
func SignerOf(key any, cert *x509.Certificate) (*Signer, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T signs nothing", key)
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("the key is not that of the certificate of %s", cert.Subject.CommonName)
	}
	return &Signer{Key: signer, Cert: cert}, nil
}

// signerJSON is a signer on its way to another process of the same run.
type signerJSON struct {
	Key  []byte // PKCS 8
	Cert []byte // DER
}

// MarshalJSON writes the key and the certificate.
func (s *Signer) MarshalJSON() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		return nil, fmt.Errorf("writing a signing key: %w", err)
	}
	return json.Marshal(signerJSON{key, s.Cert.Raw})
}

// UnmarshalJSON reads them. Its errors tell nothing of the key.
func (s *Signer) UnmarshalJSON(text []byte) error {
	var read signerJSON
	if err := json.Unmarshal(text, &read); err != nil {
		return errors.New("this is no signer")
	}
	cert, err := x509.ParseCertificate(read.Cert)
	if err != nil {
		return fmt.Errorf("reading the certificate of a signer: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(read.Key)
	if err != nil {
		return errors.New("the key of a signer can't be read")
	}
	made, err := SignerOf(key, cert)
	if err == nil {
		*s = *made
	}
	return err
}

// Certificates are a list of them that JSON has in DER.
type Certificates []*x509.Certificate

// MarshalJSON writes them.
func (c Certificates) MarshalJSON() ([]byte, error) {
	list := make([][]byte, len(c))
	for i := range c {
		list[i] = c[i].Raw
	}
	return json.Marshal(list)
}

// UnmarshalJSON reads them.
func (c *Certificates) UnmarshalJSON(text []byte) error {
	var list [][]byte
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*c = nil
	for _, der := range list {
		one, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("reading a certificate: %w", err)
		}
		*c = append(*c, one)
	}
	return nil
}
