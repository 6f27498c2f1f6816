// Package pki makes the keys and certificates of a lab: one certificate authority whose key never touches the disk,
// the TLS leaves that it signs, and the signing certificates of SAML identity providers.
//
// All good leaves of an authority share one key. Chromium is told to trust that key by its SPKI hash
// (--ignore-certificate-errors-spki-list), and the hash switches off every other check for a chain that holds the key;
// so leaves that must be seen as faulty use another key.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// validity is how long the certificates of a lab last, from an hour before they are made.
const validity = 10 * 365 * 24 * time.Hour

// CA is a certificate authority that lives in memory only.
type CA struct {
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	leaf   *ecdsa.PrivateKey // of every good leaf
	faulty *ecdsa.PrivateKey // of every leaf that clients must refuse
	now    time.Time

	mu     sync.Mutex
	leaves []*x509.Certificate // the good ones
}

// NewCA makes an authority whose certificates are valid at now and for ten years after.
func NewCA(name string, now time.Time) (*CA, error) {
	keys := make([]*ecdsa.PrivateKey, 3)
	for i := range keys {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("making the keys of %s: %w", name, err)
		}
		keys[i] = key
	}
	ca := &CA{key: keys[0], leaf: keys[1], faulty: keys[2], now: now}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(validity),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, ca.key.Public(), ca.key)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate of %s: %w", name, err)
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("reading the certificate of %s: %w", name, err)
	}
	return ca, nil
}

// Pool holds the authority's certificate alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Acquainted is the authority's certificate and the good leaves that it has signed until now. Who trusts it trusts what
// Pool's do, and needn't verify at each handshake that the authority has signed the leaf: a fifth of what one costs.
func (ca *CA) Acquainted() *x509.CertPool {
	pool := ca.Pool()
	ca.mu.Lock()
	defer ca.mu.Unlock()
	for _, leaf := range ca.leaves {
		pool.AddCert(leaf)
	}
	return pool
}

// PEM is the authority's certificate, for clients that read a bundle (AWS_CA_BUNDLE, SSL_CERT_FILE).
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// LeafPin is the base64 of the SHA-256 of the SPKI that all good leaves share.
func (ca *CA) LeafPin() string {
	spki, err := x509.MarshalPKIXPublicKey(ca.leaf.Public())
	if err != nil {
		panic("pki: a key of our own can't be marshalled: " + err.Error()) // P-256 always can
	}
	sum := sha256.Sum256(spki)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Leaf is a good server certificate for the names.
func (ca *CA) Leaf(names ...string) (*tls.Certificate, error) {
	made, err := ca.sign(ca.leaf, ca.now.Add(-time.Hour), ca.now.Add(validity), names)
	if err != nil {
		return nil, err
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	ca.leaves = append(ca.leaves, made.Leaf)
	return made, nil
}

// Faulty is a server certificate for the names, valid from notBefore to notAfter, with the key that no good leaf has: a
// client that goes by the key of the good ones refuses it too.
func (ca *CA) Faulty(notBefore, notAfter time.Time, names ...string) (*tls.Certificate, error) {
	return ca.sign(ca.faulty, notBefore, notAfter, names)
}

func (ca *CA) sign(key *ecdsa.PrivateKey, notBefore, notAfter time.Time, names []string) (*tls.Certificate, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("signing a leaf: no name given")
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: names[0]},
		DNSNames:     names,
		NotBefore:    notBefore,
		NotAfter:     notAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return nil, fmt.Errorf("signing the leaf of %s: %w", names[0], err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the leaf of %s: %w", names[0], err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
