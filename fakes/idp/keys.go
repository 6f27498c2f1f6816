package idp

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

// Keys are what the provider signs with and what its metadata shows. The two differ while a certificate is rotated: a
// new one is shown before it is used, or used before anybody has given it to Identity Center.
type Keys struct {
	Signer *pki.Signer
	Shown  pki.Certificates // in the metadata, in this order; at least one
}

// keys are Keys made ready.
type keys struct {
	Keys
	signer   xmldsig.Signer
	document []byte // metadata
}

func canSign(s *pki.Signer) error {
	if s == nil || s.Cert == nil || s.Key == nil {
		return errors.New("an identity provider needs a signer")
	}
	if _, ok := s.Key.Public().(*rsa.PublicKey); !ok {
		return errors.New("the signer of an identity provider needs an RSA key")
	}
	return nil
}

// SetKeys signs and shows these from now on, and tells those of before, which put back undo it. Its error is that of
// keys which can't be used.
func (p *IdP) SetKeys(k Keys) (before Keys, err error) {
	if err := canSign(k.Signer); err != nil {
		return Keys{}, err
	}
	if len(k.Shown) == 0 || slices.Contains(k.Shown, nil) {
		return Keys{}, errors.New("the metadata of an identity provider shows one certificate at least")
	}
	k.Shown = slices.Clone(k.Shown)
	made := &keys{Keys: k, signer: xmldsig.NewSigner(k.Signer.Key, k.Signer.Cert)}
	if made.document, err = p.dialect.metadata(p, made); err != nil {
		return Keys{}, err
	}
	if old := p.keys.Swap(made); old != nil {
		before = old.Keys
	}
	return before, nil
}

// Keys are the present ones.
func (p *IdP) Keys() Keys { return p.keys.Load().Keys }

// Certificate is what the provider's signatures are verified with.
func (p *IdP) Certificate() *x509.Certificate { return p.keys.Load().Signer.Cert }

// Metadata is the provider's SAML metadata, to be given to the service provider.
func (p *IdP) Metadata() []byte { return slices.Clone(p.keys.Load().document) }

// Rotation is how a signing certificate is replaced.
type Rotation struct {
	Expired  bool // the new certificate's validity ended an hour ago
	Inactive bool // it is shown in the metadata and not yet signed with
	KeepOld  bool // the metadata shows those of before beside it
}

// Rotated says what a rotation has changed.
type Rotated struct {
	Before       Keys             // to be put back by SetKeys
	Certificates pki.Certificates // in the metadata now
}

// Rotate makes a new key and certificate and uses them as told. Nobody tells Identity Center: until its administrator
// imports the new certificate, every response signed with it is refused there.
func (p *IdP) Rotate(r Rotation) (Rotated, error) {
	now := p.now()
	from, until := now.Add(-time.Hour), now.AddDate(10, 0, 0)
	if r.Expired {
		from, until = now.AddDate(-3, 0, 0), now.Add(-time.Hour)
	}
	made, err := pki.NewSignerFor(p.host, p.Keys().Signer.Bits(), from, until)
	if err != nil {
		return Rotated{}, err
	}
	next := Keys{made, pki.Certificates{made.Cert}}
	before := p.Keys()
	if r.Inactive {
		next.Signer = before.Signer
	}
	if r.KeepOld || r.Inactive {
		next.Shown = append(next.Shown, before.Shown...)
	}
	if before, err = p.SetKeys(next); err != nil {
		return Rotated{}, err
	}
	return Rotated{before, next.Shown}, nil
}
