package identitycenter

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	_ "crypto/sha256" // registers the hash functions that signatures name
	_ "crypto/sha512"
)

const (
	algExcC14N   = nsExcC14N
	algEnveloped = nsSignature + "enveloped-signature"
)

// signatureMethods and digestMethods are what is accepted; SHA-1 and HMAC are not.
var (
	signatureMethods = map[string]crypto.Hash{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": crypto.SHA512,
	}
	digestMethods = map[string]crypto.Hash{
		"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
	}
)

var (
	errSignatureShape = errors.New("signature of an unexpected shape")
	errAlgorithm      = errors.New("algorithm is not accepted")
	errDigest         = errors.New("digest does not match")
	errSignature      = errors.New("no trusted certificate verifies the signature")
)

// signature is an enveloped signature in the one shape that SAML allows (SAML core, 5.4).
type signature struct {
	node       *node // ds:Signature
	info       *node // ds:SignedInfo
	infoPrefix string
	method     crypto.Hash
	value      []byte
	prefixList string // of the reference's canonicalisation
	digest     crypto.Hash
	digestWant []byte
}

// Why not goxmldsig here: it copies, canonicalises and parses the document several times a signature, which is most of
// what a sign-in costs, and it accepts shapes and algorithms that SAML forbids, so that all the checks below would be
// needed beside it. The tests hold this file against it: whatever is accepted here, goxmldsig accepts too, and both
// have one canonical form.

// verifySignature proves that the parent of the ds:Signature, without it, is what the owner of one of the certificates
// signed. KeyInfo is not looked at: who signs is decided by what is trusted, tried one at a time.
func verifySignature(sig *node, trusted []*x509.Certificate, now time.Time) error {
	s, err := readSignature(sig)
	if err != nil {
		return err
	}
	if !bytes.Equal(sum(s.digest, canonical(sig.parent, sig, s.prefixList)), s.digestWant) {
		return errDigest
	}
	hashed := sum(s.method, canonical(s.info, nil, s.infoPrefix))
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

func sum(h crypto.Hash, data []byte) []byte {
	d := h.New()
	d.Write(data)
	return d.Sum(nil)
}

func readSignature(sig *node) (*signature, error) {
	s := &signature{node: sig}
	children := sig.elements()
	if len(children) < 2 || len(children) > 3 || !blank(sig) ||
		!children[0].is(nsSignature, "SignedInfo") || !children[1].is(nsSignature, "SignatureValue") {
		return nil, errSignatureShape
	}
	if len(children) == 3 && !children[2].is(nsSignature, "KeyInfo") {
		return nil, errSignatureShape
	}
	var err error
	if s.value, err = base64Text(children[1]); err != nil {
		return nil, err
	}
	s.info = children[0]
	parts := s.info.elements()
	if len(parts) != 3 || !blank(s.info) || !parts[0].is(nsSignature, "CanonicalizationMethod") ||
		!parts[1].is(nsSignature, "SignatureMethod") || !parts[2].is(nsSignature, "Reference") {
		return nil, errSignatureShape
	}
	if s.infoPrefix, err = excC14N(parts[0]); err != nil {
		return nil, err
	}
	if s.method, err = method(parts[1], signatureMethods); err != nil {
		return nil, err
	}
	return s, s.readReference(parts[2])
}

func (s *signature) readReference(ref *node) error {
	parts := ref.elements()
	if len(parts) != 3 || !blank(ref) || !parts[0].is(nsSignature, "Transforms") ||
		!parts[1].is(nsSignature, "DigestMethod") || !parts[2].is(nsSignature, "DigestValue") {
		return errSignatureShape
	}
	id, _ := s.node.parent.attr("ID")
	if uri, _ := ref.attr("URI"); id == "" || uri != "#"+id {
		return errSignatureShape
	}
	transforms := parts[0].elements()
	if len(transforms) != 2 || !blank(parts[0]) ||
		!transforms[0].is(nsSignature, "Transform") || !transforms[1].is(nsSignature, "Transform") {
		return errSignatureShape
	}
	if alg, _ := transforms[0].attr("Algorithm"); alg != algEnveloped || len(transforms[0].elements()) > 0 {
		return errAlgorithm
	}
	var err error
	if s.prefixList, err = excC14N(transforms[1]); err != nil {
		return err
	}
	if s.digest, err = method(parts[1], digestMethods); err != nil {
		return err
	}
	s.digestWant, err = base64Text(parts[2])
	return err
}

// excC14N is the PrefixList of an element that must name exclusive canonicalisation.
func excC14N(n *node) (string, error) {
	if alg, _ := n.attr("Algorithm"); alg != algExcC14N {
		return "", errAlgorithm
	}
	children := n.elements()
	if len(children) == 0 {
		return "", nil
	}
	list, ok := children[0].attr("PrefixList")
	if len(children) > 1 || !children[0].is(nsExcC14N, "InclusiveNamespaces") || !ok || len(children[0].children) > 0 {
		return "", errSignatureShape
	}
	if len(strings.Fields(list)) > 16 {
		return "", errSignatureShape
	}
	return list, nil
}

func method(n *node, accepted map[string]crypto.Hash) (crypto.Hash, error) {
	alg, _ := n.attr("Algorithm")
	hash, ok := accepted[alg]
	if !ok || len(n.elements()) > 0 {
		return 0, errAlgorithm
	}
	return hash, nil
}

// blank tells whether the element holds no text but white space.
func blank(n *node) bool {
	for _, c := range n.children {
		if s, ok := c.(string); ok && strings.Trim(s, " \t\r\n") != "" {
			return false
		}
	}
	return true
}

func base64Text(n *node) ([]byte, error) {
	s, ok := n.text()
	if !ok {
		return nil, errSignatureShape
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil || len(raw) == 0 {
		return nil, errSignatureShape
	}
	return raw, nil
}
