// Package xmldsig reads, writes, signs and verifies the XML of SAML messages: Exclusive XML Canonicalization 1.0
// without comments (https://www.w3.org/TR/xml-exc-c14n/) and enveloped signatures of XML Signature Syntax and
// Processing (https://www.w3.org/TR/xmldsig-core1/) in the one shape that SAML allows (SAML core, 5.4).
//
// The identity provider's messages are signed here and the service provider's are verified here, over one tree and one
// canonical form. Why not goxmldsig: it copies, canonicalizes and parses a document several times a signature, which is
// most of what a sign-in costs, and it accepts shapes and algorithms that SAML forbids, so that all the checks would be
// needed beside it. The tests hold this package against it: what is signed here it verifies, what is accepted here it
// accepts too, and both have one canonical form.
package xmldsig

import (
	"crypto"
	"sync"

	_ "crypto/sha256" // registers the hash functions that signatures name
	_ "crypto/sha512"
)

// Namespace of XML Signature, and the algorithms that a SAML signature is made of.
const (
	Namespace          = "http://www.w3.org/2000/09/xmldsig#"
	ExcC14N            = "http://www.w3.org/2001/10/xml-exc-c14n#" // also the namespace of InclusiveNamespaces
	EnvelopedSignature = Namespace + "enveloped-signature"
	RSASHA256          = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	SHA256             = "http://www.w3.org/2001/04/xmlenc#sha256"
)

// signatureMethods and digestMethods are what is accepted; SHA-1 and HMAC are not.
var (
	signatureMethods = map[string]crypto.Hash{
		RSASHA256: crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": crypto.SHA512,
	}
	digestMethods = map[string]crypto.Hash{
		SHA256: crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
	}
)

// forms holds room for canonical forms, of *[]byte: each is hashed and then of no use.
var forms = sync.Pool{New: func() any { return new([]byte) }}

// digest hashes the canonical form of the element without skip.
func digest(h crypto.Hash, e, skip *Element, prefixList string) []byte {
	form := forms.Get().(*[]byte)
	defer forms.Put(form)
	*form = canonical((*form)[:0], e, skip, prefixList)
	d := h.New()
	d.Write(*form)
	return d.Sum(nil)
}
