package browser

import (
	"context"
	"crypto/tls"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/pages"
)

// What must never be written anywhere.
const (
	canaryPassword  = "canary-password-correct-horse"
	canaryAssertion = "canary-assertion"
	canaryCookie    = "canary-cookie"
	canaryToken     = "canary-token"
	canaryCode      = "canary-code"
)

const (
	testUser    = "user-001@acme.test"
	testAccount = "111122223333"
	idpHost     = "acme.okta.test"
	virginia    = "us-east-1"
	ireland     = "eu-west-1"
)

func portalHost(region string) string { return "ssoins-test.portal." + region + ".app.aws" }
func signinHost(region string) string { return region + ".signin.aws" }
func apiHost(region string) string    { return "portal.sso." + region + ".amazonaws.com" }

// site is a system of two Regions and an identity provider behind one door, which speak as the fakes do. What a test
// lays on it misbehaves.
type site struct {
	ca     *pki.CA
	door   *url.URL
	opened chan net.Conn // from the door to the TLS edge

	mu    sync.Mutex
	rules []rule
	doors map[string]string           // what the door does to CONNECT, by host: refuse, reset, hold
	certs map[string]*tls.Certificate // other than the good one
	seen  []string                    // method, host and path of every request
	over  chan struct{}
}

// rule takes over what answers requests to a host under a path. It may say that it does not.
type rule struct {
	host, path string
	serve      func(w http.ResponseWriter, r *http.Request) bool
}

func newSite(t testing.TB) *site {
	t.Helper()
	ca, err := pki.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{ca: ca, opened: make(chan net.Conn), doors: map[string]string{}, certs: map[string]*tls.Certificate{}, over: make(chan struct{})}
	var all []string
	for _, region := range []string{virginia, ireland} {
		all = append(all, portalHost(region), signinHost(region), apiHost(region))
	}
	good, err := ca.Leaf(append(all, idpHost)...)
	if err != nil {
		t.Fatal(err)
	}
	edge := &http.Server{Handler: http.HandlerFunc(s.serve), ErrorLog: discard, TLSConfig: &tls.Config{
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if bad := s.certs[hello.ServerName]; bad != nil {
				return bad, nil
			}
			return good, nil
		}}}
	go func() { _ = edge.ServeTLS(handover{s}, "", "") }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door := &http.Server{Handler: http.HandlerFunc(s.connect), ErrorLog: discard}
	go func() { _ = door.Serve(listener) }()
	s.door = &url.URL{Scheme: "http", Host: listener.Addr().String()}
	t.Cleanup(func() {
		close(s.over)
		_ = door.Close()
		_ = edge.Close()
	})
	return s
}

// handover is the edge's listener: the door hands it connections.
type handover struct{ s *site }

func (h handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.s.opened:
		return c, nil
	case <-h.s.over:
		return nil, net.ErrClosed
	}
}
func (h handover) Close() error   { return nil }
func (h handover) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// connect is the door.
func (s *site) connect(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.Host)
	s.mu.Lock()
	does := s.doors[host]
	s.mu.Unlock()
	if does == "refuse" || r.Method != http.MethodConnect {
		http.Error(w, "refused", http.StatusBadGateway)
		return
	}
	if does == "hold" {
		select {
		case <-r.Context().Done():
		case <-s.over:
		}
		return
	}
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if does == "reset" {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
		return
	}
	if _, err := fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	select {
	case s.opened <- conn:
	case <-s.over:
		_ = conn.Close()
	}
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+r.Host+r.URL.Path)
	rules := s.rules
	s.mu.Unlock()
	for _, rule := range rules {
		if rule.host == r.Host && strings.HasPrefix(r.URL.Path, rule.path) && rule.serve(w, r) {
			return
		}
	}
	for _, region := range []string{virginia, ireland} {
		switch r.Host {
		case portalHost(region):
			servePortal(w, r, region)
			return
		case signinHost(region):
			serveSignin(w, r, region)
			return
		case apiHost(region):
			serveAPI(w, r, region)
			return
		}
	}
	serveIdP(w, r)
}

// on lays a rule.
func (s *site) on(host, path string, serve func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules[:len(s.rules):len(s.rules)], rule{host, path, serve})
}

// lay makes the door refuse, reset or hold what is meant for a host.
func (s *site) lay(host, does string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doors[host] = does
}

// replace gives a host a certificate that a browser must refuse.
func (s *site) replace(host string) {
	now := time.Now()
	bad, err := s.ca.Faulty(now.Add(-time.Hour), now.Add(time.Hour), "wrong-name.invalid")
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certs[host] = bad
}

// lift takes every rule back.
func (s *site) lift() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.doors, s.certs = nil, map[string]string{}, map[string]*tls.Certificate{}
}

// answer always answers the same.
func answer(status int, page string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		writeHTML(w, status, page)
		return true
	}
}

// hang never answers.
func (s *site) hang(_ http.ResponseWriter, r *http.Request) bool {
	select {
	case <-r.Context().Done():
	case <-s.over:
	}
	return true
}

// counted is how many requests began with a prefix.
func (s *site) counted(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, line := range s.seen {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

func writeHTML(w http.ResponseWriter, status int, page string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, "<!doctype html><html lang=en><title>test</title><body>"+page)
}

func servePortal(w http.ResponseWriter, r *http.Request, region string) {
	if r.FormValue("workflow_code") != canaryCode {
		if _, err := r.Cookie("x-amz-sso_authn"); err != nil {
			http.Redirect(w, r, "https://"+signinHost(region)+"/platform/login?state="+canaryCode, http.StatusFound)
			return
		}
	}
	http.SetCookie(w, &http.Cookie{Name: "x-amz-sso_authn", Value: canaryCookie, Path: "/", Secure: true, HttpOnly: true})
	writeHTML(w, http.StatusOK, portalPage(region, `
		fetch(api + "/assignment/accounts?max_result=100", { headers: { "x-amz-sso_bearer_token": token } }).then(async (r) => {
			if (!r.ok) { throw r.status; }
			for (const account of (await r.json()).accountList) { show(account.accountId); }
		}).catch((status) => fail(status));`))
}

// portalPage has a script with api, token, show and fail in its reach.
func portalPage(region, script string) string {
	return `<meta name="x-amz-sso_bearer_token" content="` + canaryToken + `"><meta name="portal-api" content="https://` + apiHost(region) + `">
<meta name="region" content="` + region + `"><h1>` + region + `</h1><ul id="accounts"></ul><script>
const api = "https://` + apiHost(region) + `", token = "` + canaryToken + `";
const show = (id) => { const li = document.createElement("li"); li.dataset.accountId = id; li.textContent = id; document.getElementById("accounts").append(li); };
const fail = (status) => { const p = document.createElement("p"); p.id = "error"; p.textContent = "It's not you, it's us";
	p.dataset.class = status === "kms" ? "kms" : status >= 500 ? "http_5xx" : status === 429 ? "throttled" : status >= 400 ? "http_4xx" : "unreachable"; document.body.append(p); };
` + script + `</script>`
}

func serveSignin(w http.ResponseWriter, r *http.Request, region string) {
	if strings.HasPrefix(r.URL.Path, "/platform/saml/acs/") {
		if r.PostFormValue("SAMLResponse") != canaryAssertion {
			writeHTML(w, http.StatusBadRequest, `<p id="error" data-error="saml_malformed">An unexpected error has occurred</p>`)
			return
		}
		http.Redirect(w, r, "https://"+portalHost(region)+"/?workflow_code="+canaryCode, http.StatusSeeOther)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "pending", Value: canaryCookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode})
	http.Redirect(w, r, "https://"+idpHost+"/app/amazon_aws_sso/exk1/sso/saml?SAMLRequest="+region, http.StatusFound)
}

func serveAPI(w http.ResponseWriter, r *http.Request, region string) {
	w.Header().Set("Access-Control-Allow-Origin", "https://"+portalHost(region))
	w.Header().Set("Access-Control-Allow-Headers", "x-amz-sso_bearer_token")
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Header.Get("x-amz-sso_bearer_token") != canaryToken {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = fmt.Fprintf(w, `{"accountList":[{"accountId":"999999999999"},{"accountId":%q}],"nextToken":null}`, testAccount)
}

func serveIdP(w http.ResponseWriter, r *http.Request) {
	region := r.FormValue("SAMLRequest")
	if r.URL.Path == "/login" {
		region = r.PostFormValue("state")
		if r.PostFormValue("username") != testUser || r.PostFormValue("password") != canaryPassword {
			writeHTML(w, http.StatusUnauthorized, `<p id="error" data-error="login_refused">no</p>`+signInForm(region))
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "idp", Value: canaryCookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	} else if _, err := r.Cookie("idp"); err != nil {
		writeHTML(w, http.StatusOK, signInForm(region))
		return
	}
	if region != "" {
		writeHTML(w, http.StatusOK, samlForm(region))
		return
	}
	writeHTML(w, http.StatusOK, `<a class="app" href="/nowhere">AWS</a> <a class="bookmark" data-region="`+ireland+`" href="https://`+portalHost(ireland)+`/">Ireland</a>`)
}

func signInForm(state string) string {
	return `<form id="sign-in" method="post" action="/login"><input type="hidden" name="state" value="` + html.EscapeString(state) + `">
<label>User<input name="username" required></label><label>Password<input name="password" type="password" required></label><button type="submit">Sign in</button></form>`
}

func samlForm(region string) string {
	return `<form id="saml" method="post" action="https://` + signinHost(region) + `/platform/saml/acs/tenant"><input type="hidden" name="SAMLResponse" value="` +
		canaryAssertion + `"><input type="hidden" name="RelayState" value="` + canaryCode + `"></form><script>document.getElementById("saml").submit()</script>`
}

// locate knows the hosts of the site.
func (s *site) locate() func(string) (harness.Location, bool) {
	services := map[string]harness.Location{idpHost: {Place: "idp", Service: serviceIdP}}
	for _, region := range []string{virginia, ireland} {
		services[portalHost(region)] = harness.Location{Place: region, Service: servicePortal}
		services[signinHost(region)] = harness.Location{Place: region, Service: serviceSignin}
		services[apiHost(region)] = harness.Location{Place: region, Service: servicePortalAPI}
	}
	return func(host string) (harness.Location, bool) { l, ok := services[host]; return l, ok }
}

// system is the site as a probe sees it.
func (s *site) system() *harness.World {
	return &harness.World{Pages: pages.Lab(),
		Door:      func(*harness.Place) (*url.URL, error) { return s.door, nil },
		LeafPin:   s.ca.LeafPin(),
		Portal:    func(region string) string { return "https://" + portalHost(region) + "/" },
		Dashboard: "https://" + idpHost + "/",
		Locate:    s.locate(),
		Places:    []*harness.Place{{Name: virginia, Region: true}, {Name: ireland, Region: true}, {Name: "idp"}, {Name: "new-york"}},
	}
}

// attempt is one that is due now.
func attempt() *harness.Attempt {
	return &harness.Attempt{Probe: "staff", Due: time.Now(), Home: virginia, From: &harness.Place{Name: "new-york"},
		Person: harness.Person{Name: "user-001", UserName: testUser, Password: canaryPassword, Account: testAccount}}
}

// open is a probe at the site, with a browser that runs.
func open(t testing.TB, s *site) *Login {
	t.Helper()
	if _, err := Find(getenv); err != nil {
		t.Skip(err)
	}
	l := New()
	if err := l.Open(context.Background(), s.system()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// try makes an attempt that has limit from now on.
func try(t testing.TB, l *Login, a *harness.Attempt, limit time.Duration) *harness.Attempt {
	t.Helper()
	ctx, cancel := context.WithDeadline(context.Background(), a.Due.Add(limit))
	defer cancel()
	if err := l.Try(ctx, a); err != nil {
		t.Fatal(err)
	}
	return a
}
