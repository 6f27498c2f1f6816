package xmldsig

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestVerify(t *testing.T) {
	ours, stranger := testSigners()[0], testSigners()[1]
	good := string(Document(message(t, ds, "Ann")))
	at := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the message has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	const inclusive = `Method Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315`
	list := strings.Repeat("p ", maxPrefixes+1)
	for name, c := range map[string]struct {
		doc     string
		trusted []*x509.Certificate
		now     time.Time
		want    error
	}{
		"good":                       {doc: good},
		"one of two is trusted":      {doc: good, trusted: certificates(stranger, ours)},
		"a stranger's":               {doc: good, trusted: certificates(stranger), want: errSignature},
		"nobody is trusted":          {doc: good, trusted: []*x509.Certificate{}, want: errSignature},
		"certificate not valid yet":  {doc: good, now: ours.Cert.NotBefore.Add(-time.Second), want: errSignature},
		"certificate has expired":    {doc: good, now: ours.Cert.NotAfter.Add(time.Second), want: errSignature},
		"tampered":                   {doc: at(">Ann<", ">Eve<"), want: errDigest},
		"tampered SignedInfo":        {doc: at("<ds:SignedInfo>", `<ds:SignedInfo x="">`), want: errSignature},
		"white space in SignedInfo":  {doc: at("<ds:SignedInfo>", `<ds:SignedInfo> `), want: errSignature},
		"text in SignedInfo":         {doc: at("<ds:SignedInfo>", `<ds:SignedInfo>x`), want: errShape},
		"sha1":                       {doc: at(SHA256, Namespace+"sha1"), want: errAlgorithm},
		"rsa-sha1":                   {doc: at(RSASHA256, Namespace+"rsa-sha1"), want: errAlgorithm},
		"no enveloped-signature":     {doc: at(EnvelopedSignature, ExcC14N), want: errAlgorithm},
		"inclusive canonicalization": {doc: at(`Method Algorithm="`+ExcC14N, inclusive), want: errAlgorithm},
		"long PrefixList":            {doc: at(`PrefixList="xs"`, `PrefixList="`+list+`"`), want: errShape},
		"no PrefixList":              {doc: at(` PrefixList="xs"`, ``), want: errShape},
		"reference to another ID":    {doc: at(`URI="#_r"`, `URI="#_a"`), want: errShape},
		"reference to everything":    {doc: at(`URI="#_r"`, `URI=""`), want: errShape},
		"SignatureValue of nothing":  {doc: at("<ds:SignatureValue>", "<ds:SignatureValue>!"), want: errShape},
	} {
		t.Run(name, func(t *testing.T) {
			if c.trusted == nil {
				c.trusted = certificates(ours)
			}
			if c.now.IsZero() {
				c.now = testNow
			}
			if err := Verify(child(parsed(t, []byte(c.doc)), "Signature"), c.trusted, c.now); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestVerifyWantsAParent(t *testing.T) {
	sig := parsed(t, []byte(`<ds:Signature xmlns:ds="`+Namespace+`"/>`))
	if err := Verify(sig, certificates(testSigners()[0]), testNow); !errors.Is(err, errShape) {
		t.Errorf("error %v", err)
	}
}
