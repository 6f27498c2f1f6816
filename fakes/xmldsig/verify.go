package xmldsig

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"time"
)

// Why a signature is not good.
var (
	errShape     = errors.New("signature of an unexpected shape")
	errAlgorithm = errors.New("algorithm is not accepted")
	errDigest    = errors.New("digest does not match")
	errSignature = errors.New("no trusted certificate verifies the signature")
)

const maxPrefixes = 16 // of a PrefixList

// signature is an enveloped signature in the one shape that SAML allows.
type signature struct {
	info       *Element // ds:SignedInfo
	infoPrefix string   // PrefixList of its canonicalization
	method     crypto.Hash
	value      []byte
	prefixList string // of the reference's canonicalization
	digest     crypto.Hash
	digestWant []byte
}

// Verify proves that the parent of the ds:Signature, without it, is what the owner of one of the RSA certificates that
// are valid at now has signed. KeyInfo is not looked at: who signs is decided by what is trusted, tried one at a time.
// Its error says whether the shape, an algorithm, the digest or the signature is to blame.
func Verify(sig *Element, trusted []*x509.Certificate, now time.Time) error {
	if sig.parent == nil {
		return errShape
	}
	s, err := readSignature(sig)
	if err != nil {
		return err
	}
	if !bytes.Equal(digest(s.digest, sig.parent, sig, s.prefixList), s.digestWant) {
		return errDigest
	}
	hashed := digest(s.method, s.info, nil, s.infoPrefix)
	for _, cert := range trusted {
		key, ok := cert.PublicKey.(*rsa.PublicKey)
		if !ok || now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
			continue
		}
		if rsa.VerifyPKCS1v15(key, s.method, hashed, s.value) == nil {
			return nil
		}
	}
	return errSignature
}

func readSignature(sig *Element) (*signature, error) {
	names := []string{"SignedInfo", "SignatureValue", "KeyInfo"}
	if len(sig.Children) == 2 {
		names = names[:2]
	}
	if !holds(sig, names...) {
		return nil, errShape
	}
	s := &signature{info: sig.Children[0]}
	if !holds(s.info, "CanonicalizationMethod", "SignatureMethod", "Reference") {
		return nil, errShape
	}
	parts := s.info.Children
	var err error
	if s.value, err = base64Value(sig.Children[1]); err != nil {
		return nil, err
	}
	if s.infoPrefix, err = prefixList(parts[0]); err != nil {
		return nil, err
	}
	if s.method, err = method(parts[1], signatureMethods); err != nil {
		return nil, err
	}
	return s, s.readReference(parts[2], sig.parent)
}

func (s *signature) readReference(ref, signed *Element) error {
	id, _ := signed.Attr("ID")
	if uri, _ := ref.Attr("URI"); id == "" || uri != "#"+id {
		return errShape
	}
	if !holds(ref, "Transforms", "DigestMethod", "DigestValue") || !holds(ref.Children[0], "Transform", "Transform") {
		return errShape
	}
	transforms := ref.Children[0].Children
	if alg, _ := transforms[0].Attr("Algorithm"); alg != EnvelopedSignature || len(transforms[0].Children) > 0 {
		return errAlgorithm
	}
	var err error
	if s.prefixList, err = prefixList(transforms[1]); err != nil {
		return err
	}
	if s.digest, err = method(ref.Children[1], digestMethods); err != nil {
		return err
	}
	s.digestWant, err = base64Value(ref.Children[2])
	return err
}

// holds tells whether the element has exactly these children, of the XML Signature namespace, and no text beside them.
func holds(e *Element, names ...string) bool {
	if len(e.Children) != len(names) || !e.Blank() {
		return false
	}
	for i, name := range names {
		if !e.Children[i].Is(Namespace, name) {
			return false
		}
	}
	return true
}

// prefixList is the PrefixList of an element that must name exclusive canonicalization.
func prefixList(e *Element) (string, error) {
	if alg, _ := e.Attr("Algorithm"); alg != ExcC14N {
		return "", errAlgorithm
	}
	if len(e.Children) == 0 {
		return "", nil
	}
	inclusive := e.Children[0]
	list, ok := inclusive.Attr("PrefixList")
	_, empty := inclusive.Value()
	if len(e.Children) > 1 || !inclusive.Is(ExcC14N, "InclusiveNamespaces") || !ok || !empty || inclusive.Text != "" {
		return "", errShape
	}
	if len(strings.Fields(list)) > maxPrefixes {
		return "", errShape
	}
	return list, nil
}

func method(e *Element, accepted map[string]crypto.Hash) (crypto.Hash, error) {
	alg, _ := e.Attr("Algorithm")
	hash, ok := accepted[alg]
	if !ok || len(e.Children) > 0 {
		return 0, errAlgorithm
	}
	return hash, nil
}

func base64Value(e *Element) ([]byte, error) {
	s, ok := e.Value()
	if !ok {
		return nil, errShape
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil || len(raw) == 0 {
		return nil, errShape
	}
	return raw, nil
}
