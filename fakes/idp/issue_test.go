package idp

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	gosaml2 "github.com/russellhaering/gosaml2"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/regiondrill/regiondrill/fakes/pki"
)

const (
	testIssuer = "https://us-east-1.signin.aws.amazon.com/platform/saml/d-0123456789"
	acsUS      = "https://us-east-1.signin.aws/platform/saml/acs/tenant"
	acsEU      = "https://eu-west-1.signin.aws/platform/saml/acs/tenant"
)

var testNow = time.Date(2026, 11, 23, 15, 56, 11, 123e6, time.UTC)

// testSigner is made once: an RSA key takes a while, above all with -race.
var testSigner = sync.OnceValues(func() (*pki.Signer, error) { return pki.NewSigner("acme", testNow) })

func newIdP(tb testing.TB, change ...func(*Config)) *IdP {
	tb.Helper()
	return newIdPAt(tb, func() time.Time { return testNow }, change...)
}

func newIdPAt(tb testing.TB, now func() time.Time, change ...func(*Config)) *IdP {
	tb.Helper()
	signer, err := testSigner()
	if err != nil {
		tb.Fatal(err)
	}
	c := Config{
		Dialect: "okta", Host: "acme.okta.test", Signer: signer,
		App: App{
			Issuer: testIssuer, ACS: []ACS{{acsUS, 0}, {acsEU, 1}},
			Bookmarks: []Bookmark{{Region: "eu-west-1", Label: "AWS in Ireland", URL: "https://ssoins-1.portal.eu-west-1.app.aws/"}},
		},
		People:          []Person{{UserName: "user-001@acme.test", Password: "correct horse"}},
		SessionDuration: 8 * time.Hour,
	}
	for _, f := range change {
		f(&c)
	}
	p, err := New(c, Deps{Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func issued(tb testing.TB, p *IdP, to grant) (encoded string, document []byte) {
	tb.Helper()
	encoded, err := p.issue(to)
	if err != nil {
		tb.Fatal(err)
	}
	document, err = base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		tb.Fatal(err)
	}
	return encoded, document
}

func validation(p *IdP) *dsig.ValidationContext {
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{p.Certificate()}})
	ctx.Clock = dsig.NewFakeClockAt(testNow)
	return ctx
}

// awkward has everything that an escaper must not miss and an addr-spec may hold.
var awkward = grant{acs: acsEU + `?a=1&b="<>'`, request: "_0d3f", person: `o'neil&<co>"@acme.test`}

func inEntra(c *Config) { c.Dialect, c.Host = "entra", "" }

func TestSignaturesHoldForGoxmldsig(t *testing.T) {
	for name, p := range map[string]*IdP{"okta": newIdP(t), "entra": newIdP(t, inEntra)} {
		t.Run(name, func(t *testing.T) { testSignatures(t, p) })
	}
}

func testSignatures(t *testing.T, p *IdP) {
	for name, to := range map[string]grant{
		"solicited":   {acs: acsEU, request: "_0d3f", person: "user-001@acme.test"},
		"unsolicited": {acs: acsUS, person: "user-001@acme.test"},
		"awkward":     awkward,
	} {
		t.Run(name, func(t *testing.T) {
			_, document := issued(t, p, to)
			doc := etree.NewDocument()
			if err := doc.ReadFromBytes(document); err != nil {
				t.Fatal(err)
			}
			if p.dialect.signs.response {
				if _, err := validation(p).Validate(doc.Root().Copy()); err != nil {
					t.Errorf("response: %v", err)
				}
			}
			inner := doc.Root().FindElement("./Assertion")
			ctx, err := etreeutils.NSBuildParentContext(inner)
			if err != nil {
				t.Fatal(err)
			}
			assertion, err := etreeutils.NSDetatch(ctx, inner)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := validation(p).Validate(assertion); err != nil {
				t.Errorf("assertion: %v", err)
			}
			if got := doc.FindElement("//NameID").Text(); got != to.person {
				t.Errorf("NameID is %q, want %q", got, to.person)
			}
		})
	}
}

func TestServiceProviderAccepts(t *testing.T) {
	for email, p := range map[string]*IdP{
		"email": newIdP(t),
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": newIdP(t, inEntra),
	} {
		testServiceProvider(t, p, email)
	}
}

func testServiceProvider(t *testing.T, p *IdP, email string) {
	encoded, _ := issued(t, p, grant{acs: acsEU, request: "_0d3f", person: "user-001@acme.test"})
	sp := &gosaml2.SAMLServiceProvider{
		IdentityProviderIssuer: p.EntityID(), AssertionConsumerServiceURL: acsEU, AudienceURI: testIssuer,
		IDPCertificateStore: &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{p.Certificate()}},
		Clock:               dsig.NewFakeClockAt(testNow.Add(4 * time.Minute)),
	}
	info, err := sp.RetrieveAssertionInfo(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if info.WarningInfo.InvalidTime || info.WarningInfo.NotInAudience {
		t.Errorf("warnings: %+v", info.WarningInfo)
	}
	if info.NameID != "user-001@acme.test" || info.Values.Get(email) != "user-001@acme.test" {
		t.Errorf("NameID %q, email %q", info.NameID, info.Values.Get(email))
	}
	if want := testNow.Add(8 * time.Hour); !info.SessionNotOnOrAfter.Equal(want) {
		t.Errorf("session ends %v, want %v", info.SessionNotOnOrAfter, want)
	}
}

func TestXmlsec1Verifies(t *testing.T) {
	tool, err := exec.LookPath("xmlsec1")
	if err != nil {
		t.Skip("xmlsec1 is not installed")
	}
	for _, p := range []*IdP{newIdP(t), newIdP(t, inEntra)} {
		testXmlsec1(t, tool, p)
	}
}

func testXmlsec1(t *testing.T, tool string, p *IdP) {
	_, document := issued(t, p, awkward)
	dir := t.TempDir()
	message, certificate := filepath.Join(dir, "response.xml"), filepath.Join(dir, "idp.der")
	if err := os.WriteFile(message, document, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(certificate, p.Certificate().Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{
		assertionNamespace + ":Assertion": "/*/*[local-name()='Assertion']/*[local-name()='Signature']",
	}
	if p.dialect.signs.response {
		paths[protocolNamespace+":Response"] = "/*/*[local-name()='Signature']"
	}
	for element, path := range paths {
		command := exec.Command(tool, "--verify", "--pubkey-cert-der", certificate, "--id-attr:ID", element,
			"--node-xpath", path, message)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", element, err, out)
		}
	}
}

func TestUnsolicitedResponseNamesNoRequest(t *testing.T) {
	p := newIdP(t)
	_, document := issued(t, p, grant{acs: acsUS, person: "user-001@acme.test"})
	if strings.Contains(string(document), "InResponseTo") {
		t.Errorf("InResponseTo in %s", document)
	}
}

func BenchmarkIssue(b *testing.B) {
	p := newIdP(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.issue(grant{acs: acsEU, request: "_0d3f", person: "user-001@acme.test"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTwoSignatures is what issuing can't do without, on all cores: the limit of logins.
func BenchmarkTwoSignatures(b *testing.B) {
	signer, err := testSigner()
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("canonical"))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			for range 2 {
				if _, err := signer.Key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
}
