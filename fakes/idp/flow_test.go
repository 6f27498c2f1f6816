package idp

import (
	"bytes"
	"compress/flate"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"context"

	"github.com/beevik/etree"
	"golang.org/x/net/html"
)

const testHost = "https://acme.okta.test"

// browser is a client that keeps cookies and finds forms.
type browser struct {
	tb testing.TB
	*http.Client
}

// serve puts the provider behind TLS, for its cookies are Secure.
func serve(tb testing.TB, p *IdP) func() browser {
	tb.Helper()
	server := httptest.NewTLSServer(p)
	tb.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return func() browser {
		jar, _ := cookiejar.New(nil) // never fails without options
		return browser{tb, &http.Client{Jar: jar, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
			},
		}}}
	}
}

// shown is a page that the provider answered with.
type shown struct {
	status int
	header http.Header
	body   string
	form   string            // its id
	action string            // of the form
	fields map[string]string // of the form
	error  string            // data-error
	tiles  map[string]string // href by class
}

func (b browser) get(target string) shown {
	b.tb.Helper()
	return b.read(b.Get(target))
}

func (b browser) post(target string, fields map[string]string) shown {
	b.tb.Helper()
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return b.read(b.PostForm(target, values))
}

func (b browser) read(r *http.Response, err error) shown {
	b.tb.Helper()
	if err != nil {
		b.tb.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err := r.Body.Close(); err != nil {
		b.tb.Error(err)
	}
	if err != nil {
		b.tb.Fatal(err)
	}
	s := shown{status: r.StatusCode, header: r.Header, body: string(body), fields: map[string]string{}, tiles: map[string]string{}}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		b.tb.Fatal(err)
	}
	for n := range root.Descendants() {
		s.note(n)
	}
	return s
}

func (s *shown) note(n *html.Node) {
	attrs := map[string]string{}
	for _, a := range n.Attr {
		attrs[a.Key] = a.Val
	}
	switch {
	case n.Data == "form":
		s.form, s.action = attrs["id"], attrs["action"]
	case n.Data == "input":
		s.fields[attrs["name"]] = attrs["value"]
	case n.Data == "a":
		s.tiles[attrs["class"]] = attrs["href"]
	case attrs["id"] == "error":
		s.error = attrs["data-error"]
	}
}

// signIn fills the form in and sends it.
func (b browser) signIn(page shown) shown {
	b.tb.Helper()
	if page.form != "sign-in" || page.action != "/login" {
		b.tb.Fatalf("not a sign-in page (%d):\n%s", page.status, page.body)
	}
	page.fields["username"], page.fields["password"] = "user-001@acme.test", "correct horse"
	return b.post(testHost+page.action, page.fields)
}

// signInAt does the same at a provider of any dialect: cookies are a host's.
func (b browser) signInAt(p *IdP, page shown) shown {
	b.tb.Helper()
	page.fields["username"], page.fields["password"] = "user-001@acme.test", "correct horse"
	return b.post("https://"+p.host+page.action, page.fields)
}

func requestDocument(id, attrs string) string {
	return fmt.Sprintf(`<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" `+
		`xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID=%q Version="2.0" IssueInstant="2026-11-23T15:56:11Z" %s>`+
		`<saml:Issuer>%s</saml:Issuer></samlp:AuthnRequest>`, id, attrs, testIssuer)
}

func deflated(tb testing.TB, document string) string {
	tb.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(w, document)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

func redirect(tb testing.TB, p *IdP, document, relayState string) string {
	return p.SSOURL() + "?" + url.Values{"SAMLRequest": {deflated(tb, document)}, "RelayState": {relayState}}.Encode()
}

func acsAttr(acs string) string { return `AssertionConsumerServiceURL="` + acs + `"` }

// response is what an auto-post page carries.
func response(tb testing.TB, page shown) *etree.Element {
	tb.Helper()
	if page.status != http.StatusOK || page.form != "saml" {
		tb.Fatalf("not an auto-post page (%d):\n%s", page.status, page.body)
	}
	document, err := base64.StdEncoding.DecodeString(page.fields["SAMLResponse"])
	if err != nil {
		tb.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(document); err != nil {
		tb.Fatal(err)
	}
	return doc.Root()
}

func TestSignInByRequest(t *testing.T) {
	p := newIdP(t)
	b := serve(t, p)()
	const awkwardState = `"><script>alert(1)</script>&é`
	page := b.signIn(b.get(redirect(t, p, requestDocument("_r1", acsAttr(acsEU)), awkwardState)))
	if page.action != acsEU || page.fields["RelayState"] != awkwardState {
		t.Errorf("posts to %s with RelayState %q", page.action, page.fields["RelayState"])
	}
	r := response(t, page)
	if r.SelectAttrValue("InResponseTo", "") != "_r1" || r.SelectAttrValue("Destination", "") != acsEU {
		t.Errorf("response: %v", r.Attr)
	}
	// Now there is a session: no form any more, unless the request wants one.
	page = b.get(redirect(t, p, requestDocument("_r2", acsAttr(acsUS)), ""))
	if page.action != acsUS || response(t, page).SelectAttrValue("InResponseTo", "") != "_r2" {
		t.Errorf("with a session: posts to %s", page.action)
	}
	page = b.get(redirect(t, p, requestDocument("_r3", acsAttr(acsUS)+` ForceAuthn="true"`), ""))
	if page.form != "sign-in" {
		t.Errorf("ForceAuthn showed form %q", page.form)
	}
}

func TestSignInByPostBinding(t *testing.T) {
	p := newIdP(t)
	b := serve(t, p)()
	encoded := base64.StdEncoding.EncodeToString([]byte(requestDocument("_r1", acsAttr(acsEU))))
	page := b.signIn(b.post(p.SSOURL(), map[string]string{"SAMLRequest": encoded, "RelayState": "state"}))
	if page.action != acsEU || page.fields["RelayState"] != "state" {
		t.Errorf("posts to %s with %q", page.action, page.fields["RelayState"])
	}
}

// Who finds the page in a report must know what to register.
func TestTheRefusalNamesTheRegion(t *testing.T) {
	p := newIdP(t)
	browsers := serve(t, p)
	for name, c := range map[string]struct{ attrs, note string }{
		"unregistered":       {acsAttr("https://ap-south-1.signin.aws/platform/saml/acs/tenant"), "Region ap-south-1"},
		"not even a Region":  {acsAttr("https://evil.test/"), "evil.test"},
		"prefix of one":      {acsAttr(acsUS + "/more"), "us-east-1.signin.aws"},
		"unregistered index": {`AssertionConsumerServiceIndex="7"`, "index 7"},
	} {
		page := browsers().get(redirect(t, p, requestDocument("_r1", c.attrs), ""))
		if page.status != http.StatusBadRequest || page.error != "acs_refused" || !strings.Contains(page.body, c.note) {
			t.Errorf("%s: %d %q:\n%s", name, page.status, page.error, page.body)
		}
	}
}

func TestOperatorSwapsTheACS(t *testing.T) {
	p := newIdP(t)
	b := serve(t, p)()
	waiting := b.get(redirect(t, p, requestDocument("_r1", acsAttr(acsUS)), ""))
	if err := p.SetACS([]ACS{{acsEU, 0}}); err != nil {
		t.Fatal(err)
	}
	if page := b.signIn(waiting); page.error != "acs_refused" {
		t.Errorf("who was signing in: %d %q, form %q", page.status, page.error, page.form)
	}
	if page := b.get(testHost + p.endpoints.tile); page.action != acsEU {
		t.Errorf("the tile posts to %q", page.action)
	}
	if err := p.SetACS(nil); err != nil {
		t.Fatal(err)
	}
	if page := b.get(testHost + p.endpoints.tile); page.error != "acs_refused" {
		t.Errorf("without any: %d %q", page.status, page.error)
	}
	for _, list := range [][]ACS{
		{{"/relative", 0}}, {{acsUS, 0}, {acsEU, 0}}, {{acsUS, 0}, {acsUS, 1}}, {{acsUS, -1}}, {{"javascript:alert(1)", 0}},
	} {
		if err := p.SetACS(list); err == nil {
			t.Errorf("%v was registered", list)
		}
	}
}

func TestDashboard(t *testing.T) {
	p := newIdP(t)
	b := serve(t, p)()
	page := b.signIn(b.get(testHost + "/"))
	if want := p.app.Bookmarks[0].URL; page.status != http.StatusOK || page.tiles["bookmark"] != want {
		t.Fatalf("dashboard %d with tiles %v", page.status, page.tiles)
	}
	page = b.get(testHost + page.tiles["app"])
	r := response(t, page)
	if page.action != acsUS || r.SelectAttr("InResponseTo") != nil {
		t.Errorf("the tile posts to %s, in response to %v", page.action, r.SelectAttr("InResponseTo"))
	}
}

func TestWrongPassword(t *testing.T) {
	p := newIdP(t)
	b := serve(t, p)()
	page := b.get(redirect(t, p, requestDocument("_r1", acsAttr(acsEU)), "state"))
	for _, who := range []string{"user-001@acme.test", "nobody@acme.test", ""} {
		page.fields["username"], page.fields["password"] = who, "wrong"
		page = b.post(testHost+"/login", page.fields)
		if page.status != http.StatusUnauthorized || page.error != "login_refused" {
			t.Errorf("%q: %d %q", who, page.status, page.error)
		}
	}
	if page = b.signIn(page); page.action != acsEU || page.fields["RelayState"] != "state" {
		t.Errorf("the right one after wrong ones posts to %q", page.action)
	}
}

func TestStateIsForOneBrowserOnce(t *testing.T) {
	now := testNow
	p := newIdPAt(t, func() time.Time { return now })
	browsers := serve(t, p)
	mine, other := browsers(), browsers()
	target := redirect(t, p, requestDocument("_r1", acsAttr(acsEU)), "")
	page := mine.get(target)
	if got := other.signIn(page); got.error != "sign_in_expired" {
		t.Errorf("another browser: %d %q", got.status, got.error)
	}
	if got := mine.signIn(page); got.form != "saml" {
		t.Errorf("the same browser: %d %q", got.status, got.error)
	}
	if got := mine.signIn(page); got.error != "sign_in_expired" {
		t.Errorf("a second time: %d %q", got.status, got.error)
	}
	late := browsers()
	page = late.get(target)
	now = now.Add(pendingLifetime)
	if got := late.signIn(page); got.error != "sign_in_expired" {
		t.Errorf("too late: %d %q", got.status, got.error)
	}
	now = now.Add(sessionLifetime)
	if got := mine.get(target); got.form != "sign-in" {
		t.Errorf("the session is still there: %q", got.form)
	}
}

func TestPagesAreClosed(t *testing.T) {
	p := newIdP(t)
	b := serve(t, p)()
	signIn := b.get(testHost + "/")
	pages := map[string]shown{
		"sign-in": signIn, "dashboard": b.signIn(signIn), "submit": b.get(testHost + p.endpoints.tile),
		"failure": b.get(testHost + "/nowhere"),
	}
	for name, page := range pages {
		policy := page.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", name, policy)
		}
		for _, tag := range []string{"style", "script"} { // inline, so the policy must have their very hashes
			_, rest, inline := strings.Cut(page.body, "<"+tag+">")
			text, _, _ := strings.Cut(rest, "</"+tag+">")
			if inline && !strings.Contains(policy, tag+"-src "+hashSource(text)+";") {
				t.Errorf("%s: the policy stops its %s", name, tag)
			}
		}
		if size := len(page.body) - len(page.fields["SAMLResponse"]); size > 8<<10 {
			t.Errorf("%s: %d bytes", name, size)
		}
		if !strings.Contains(page.body, `<html lang="en">`) || page.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: header %v", name, page.header)
		}
	}
	for _, c := range signInCookies(p) {
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteNoneMode || c.Domain != "" {
			t.Errorf("cookie %v", c)
		}
	}
}

func signInCookies(p *IdP) []*http.Cookie {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	return w.Result().Cookies()
}

func TestMetadata(t *testing.T) {
	p := newIdP(t)
	page := serve(t, p)().get(p.MetadataURL())
	if page.body != string(p.Metadata()) {
		t.Errorf("served %s", page.body)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(p.Metadata()); err != nil {
		t.Fatal(err)
	}
	if got := doc.Root().SelectAttrValue("entityID", ""); got != p.EntityID() || !strings.HasPrefix(got, "http://www.okta.com/exk") {
		t.Errorf("entity ID %q", got)
	}
	certificate, err := base64.StdEncoding.DecodeString(doc.FindElement("//ds:X509Certificate").Text())
	if err != nil || !bytes.Equal(certificate, p.Certificate().Raw) {
		t.Errorf("certificate %v", err)
	}
	for _, e := range doc.FindElements("//md:SingleSignOnService") {
		if e.SelectAttrValue("Location", "") != p.SSOURL() {
			t.Errorf("location %v", e.Attr)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"dialect":   func(c *Config) { c.Dialect = "klingon" },
		"signer":    func(c *Config) { c.Signer = nil },
		"issuer":    func(c *Config) { c.App.Issuer = "" },
		"user name": func(c *Config) { c.People = []Person{{UserName: "Ann <ann@acme.test>"}} },
		"bookmark":  func(c *Config) { c.App.Bookmarks = []Bookmark{{URL: "javascript:alert(1)"}} },
		"ACS":       func(c *Config) { c.App.ACS = []ACS{{"somewhere", 0}} },
	} {
		signer, err := testSigner()
		if err != nil {
			t.Fatal(err)
		}
		c := Config{Signer: signer, App: App{Issuer: testIssuer}}
		change(&c)
		if _, err := New(c, Deps{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkLogin(b *testing.B) {
	p := newIdP(b)
	target := redirect(b, p, requestDocument("_r1", acsAttr(acsEU)), "state")
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		_, rest, _ := strings.Cut(w.Body.String(), `name="state" value="`)
		state, _, _ := strings.Cut(rest, `"`)
		form := url.Values{"state": {state}, "username": {"user-001@acme.test"}, "password": {"correct horse"}}
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		w = httptest.NewRecorder()
		if p.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
