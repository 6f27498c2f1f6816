package identitycenter

import (
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/regiondrill/regiondrill/harness/names"
)

func benchExpectation(now time.Time) (expectation, draft) {
	x := expectation{
		acs:      "https://us-east-1.signin.aws/platform/saml/acs/75732d",
		audience: "https://us-east-1.signin.aws.amazon.com/platform/saml/d-1",
		issuer:   entityID, format: formatEmail, trusted: []*x509.Certificate{signers()[0].Cert},
		now: now, skew: 3 * time.Minute,
	}
	return x, draft{
		acs: x.acs, audience: x.audience, issuer: entityID, nameID: "ann@acme.test", inResponseTo: "_1", now: now,
	}
}

// BenchmarkValidate is the cost of a response of Okta's shape, both signatures verified, from base64 to verdict.
func BenchmarkValidate(b *testing.B) {
	x, d := benchExpectation(time.Now().UTC())
	entra := d
	entra.entra = true
	for name, d := range map[string]draft{"okta": d, "entra": entra} {
		encoded := d.encoded(b)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(encoded)))
			b.ReportAllocs()
			for b.Loop() {
				if _, r := x.validate(encoded); r != nil {
					b.Fatal(r)
				}
			}
		})
	}
}

// BenchmarkRefusal is the cost of one form of 253 KB whose response has 22,102 attributes, from the handler to the
// page.
func BenchmarkRefusal(b *testing.B) {
	w := newWorld(b)
	_, d := benchExpectation(time.Now().UTC())
	response := first("<saml2:Subject>", "<saml2:Subject"+attributes(22_102)+">")(d.issue(b))
	form := url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(response))}}.Encode()
	b.SetBytes(int64(len(form)))
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, w.instance.ACS(east), strings.NewReader(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		w.net.hosts[names.SigninHost(east)].ServeHTTP(rec, req)
		if !strings.Contains(rec.Body.String(), `data-error="`+string(causeMalformed)+`"`) {
			b.Fatal(rec.Body)
		}
	}
}

// BenchmarkGoxmldsig is the same two signatures verified by goxmldsig, parsing included.
func BenchmarkGoxmldsig(b *testing.B) {
	x, d := benchExpectation(time.Now().UTC())
	encoded := d.encoded(b)
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: x.trusted})
	b.ReportAllocs()
	for b.Loop() {
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			b.Fatal(err)
		}
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(raw); err != nil {
			b.Fatal(err)
		}
		for _, el := range []*etree.Element{doc.Root(), doc.FindElement("//Assertion")} {
			if _, err := ctx.Validate(el); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkSignIn is a sign-in in one Region from the portal to the account list, without sockets, TLS and what the
// provider does; the question to KMS, by the real client, included.
func BenchmarkSignIn(b *testing.B) {
	w := newWorld(b, func(c *Config) { c.Lag, c.Jitter = 0, 0 })
	defer w.close()
	w.start()
	b.ReportAllocs()
	for b.Loop() {
		br := w.browser()
		q := br.ask(w, east)
		b.StopTimer()
		response := w.draftFor(q, "ann@acme.test").encoded(b)
		b.StartTimer()
		page := br.get(br.post(q.ACS, response).want(b, http.StatusSeeOther).String())
		br.accounts(east, page.token()).want(b, http.StatusOK)
	}
}
