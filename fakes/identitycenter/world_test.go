package identitycenter

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/regiondrill/regiondrill/harness/names"
)

const east, west = "us-east-1", "eu-west-1"

// network carries requests to handlers by host name, without a socket, so that it works in a synctest bubble.
type network struct {
	mu    sync.Mutex
	hosts map[string]http.Handler
	cut   map[string]bool
	count map[string]int
}

var errCut = errors.New("no way there")

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	n.mu.Lock()
	h, cut := n.hosts[req.URL.Host], n.cut[req.URL.Host]
	n.count[req.URL.Host]++
	n.mu.Unlock()
	if h == nil {
		return nil, &net.DNSError{Err: "no such host", Name: req.URL.Host, IsNotFound: true}
	}
	if cut {
		return nil, errCut
	}
	in := httptest.NewRequestWithContext(req.Context(), req.Method, req.URL.RequestURI(), req.Body)
	in.Header, in.Host = req.Header.Clone(), req.URL.Host
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, in)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	out := rec.Result()
	out.Request = req
	return out, nil
}

func (n *network) setCut(cut bool, hosts ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range hosts {
		n.cut[h] = cut
	}
}

func (n *network) calls(host string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.count[host]
}

// fakeKMS speaks AWS's JSON protocol for the two operations that a replica needs.
type fakeKMS struct {
	mu     sync.Mutex
	keys   map[string]string // ciphertext to encryption context and plaintext
	fault  string            // error code to answer with; "silent" for no answer
	counts map[string]int
}

func (k *fakeKMS) set(fault string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fault = fault
}

func (k *fakeKMS) calls(op string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.counts[op]
}

func (k *fakeKMS) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	op := strings.TrimPrefix(req.Header.Get("X-Amz-Target"), "TrentService.")
	var in struct {
		KeyId, CiphertextBlob string
		EncryptionContext     map[string]string
	}
	body, _ := io.ReadAll(req.Body)
	_ = json.Unmarshal(body, &in)
	context, _ := json.Marshal(in.EncryptionContext)
	k.mu.Lock()
	fault := k.fault
	k.counts[op]++
	k.mu.Unlock()
	if fault == "silent" {
		<-req.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if fault != "" {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": fault, "message": in.KeyId + " is not to be used."})
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[string]string{"KeyId": in.KeyId}
	switch op {
	case "GenerateDataKeyWithoutPlaintext":
		sealed, plain := make([]byte, 64), make([]byte, 32)
		rand.Read(sealed)
		rand.Read(plain)
		out["CiphertextBlob"] = base64.StdEncoding.EncodeToString(sealed)
		k.keys[out["CiphertextBlob"]+in.KeyId+string(context)] = base64.StdEncoding.EncodeToString(plain)
	case "Decrypt":
		plain, ok := k.keys[in.CiphertextBlob+in.KeyId+string(context)]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]string{"__type": "InvalidCiphertextException"}
		}
		out["Plaintext"] = plain
	}
	_ = json.NewEncoder(w).Encode(out)
}

// world is two Regions, their keys and the way between them.
type world struct {
	t        testing.TB
	net      *network
	instance names.Instance
	replicas map[string]*Replica
	kms      map[string]*fakeKMS
	configs  map[string]Config
	deps     map[string]Deps
}

type option func(*Config)

func newWorld(t testing.TB, options ...option) *world {
	t.Helper()
	return worldOf(t, []string{east, west}, options...)
}

// worldOf has the replicas of some Regions; the instance begins with east and west.
func worldOf(t testing.TB, regions []string, options ...option) *world {
	t.Helper()
	w := &world{
		t:   t,
		net: &network{hosts: map[string]http.Handler{}, cut: map[string]bool{}, count: map[string]int{}},
		instance: names.Instance{
			Primary: east, ID: "ssoins-0123456789abcdef", DirectoryID: "d-0123456789", Account: "111122223333",
			UUID: "059231ef-7dc0-4c3e-9a53-0123456789ab",
		},
		replicas: map[string]*Replica{},
		kms:      map[string]*fakeKMS{},
		configs:  map[string]Config{},
		deps:     map[string]Deps{},
	}
	for _, region := range regions {
		w.kms[region] = &fakeKMS{keys: map[string]string{}, counts: map[string]int{}}
		w.net.hosts[names.KMSHost(region)] = w.kms[region]
		cfg := Config{
			Instance: w.instance, Region: region, Regions: []string{east, west},
			// Two certificates are trusted while a provider's key is being rotated; only the second signs here.
			IdP:   IdPTrust{EntityID: entityID, SSOURL: ssoURL, Certificates: []*x509.Certificate{signers()[2].Cert, signers()[0].Cert}},
			KeyID: names.KeyARN(region, w.instance.Account, "mrk-0123456789abcdef0123456789abcdef"),
			Lag:   time.Second, Jitter: 500 * time.Millisecond, Seed: 7,
			Behaviour: Default(), AccessKeys: []AccessKey{administrator},
			ReplicationKey: []byte("what the Regions of this test share"),
		}
		for _, o := range options {
			o(&cfg)
		}
		w.configs[region] = cfg
		w.deps[region] = Deps{HTTP: &http.Client{Transport: w.net}, KMS: w.kmsClient(region), Dir: t.TempDir()}
		w.up(region)
	}
	return w
}

// up makes a Region's replica and serves it.
func (w *world) up(region string) {
	w.t.Helper()
	r, err := New(w.configs[region], w.deps[region])
	if err != nil {
		w.t.Fatal(err)
	}
	w.replicas[region] = r
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	for host, h := range r.Handlers() {
		w.net.hosts[host] = h
	}
}

// restart ends a Region's replica and has another one take its place.
func (w *world) restart(region string) {
	w.t.Helper()
	if err := w.replicas[region].Close(); err != nil {
		w.t.Fatal(err)
	}
	w.up(region)
	if err := w.replicas[region].Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) kmsClient(region string) *kms.Client {
	return kms.New(kms.Options{
		Region: region, HTTPClient: &http.Client{Transport: w.net}, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not-a-secret"}, nil
		}),
	})
}

// start replicates the first version and waits for it everywhere; in a bubble or out of it.
func (w *world) start() {
	w.t.Helper()
	ctx := w.t.Context()
	first := w.put(testDirectory())
	for _, r := range w.replicas {
		if err := r.Start(ctx); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, region := range []string{east, west} {
		if err := w.replicas[region].Wait(ctx, first); err != nil {
			w.t.Fatal(err)
		}
	}
}

// put makes the directory what the primary holds.
func (w *world) put(d Directory) Position {
	w.t.Helper()
	p, err := w.replicas[east].Put(w.t.Context(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// revoke ends a user's sessions.
func (w *world) revoke(region, user string) {
	w.t.Helper()
	if err := w.replicas[region].RevokeSessions(user); err != nil {
		w.t.Fatal(err)
	}
}

// renamed is the test directory with another display name, so that something has changed.
func renamed(name string) Directory {
	d := testDirectory()
	d.Users[1].DisplayName = name
	return d
}

// has tells whether the other Region has what the primary had at the position.
func (w *world) has(p Position) bool { return w.replicas[west].Has(p) }

func (w *world) close() {
	for _, r := range w.replicas {
		if err := r.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

func testDirectory() Directory {
	return Directory{
		Users: []User{
			{ID: "u-1", Name: "ann@acme.test", DisplayName: "Ann Example"},
			{ID: "u-2", Name: "bob@acme.test", DisplayName: "Bob <b>Example</b>"},
			{ID: "u-3", Name: "gone@acme.test", DisplayName: "Gone", Disabled: true},
		},
		Groups:         []Group{{ID: "g-1", Name: "everyone", Members: []string{"u-1", "u-2"}}},
		PermissionSets: []PermissionSet{{ID: "ps-1", Name: "ReadOnly"}, {ID: "ps-2", Name: "Admin"}},
		Accounts: []Account{
			{ID: "111122223333", Name: "management", Email: "aws+management@acme.test"},
			{ID: "444455556666", Name: "production", Email: "aws+production@acme.test"},
		},
		Assignments: []Assignment{
			{Principal: "g-1", PermissionSet: "ps-1", Account: "111122223333"},
			{Principal: "u-1", PermissionSet: "ps-1", Account: "444455556666"},
			{Principal: "u-1", PermissionSet: "ps-2", Account: "444455556666"},
			{Principal: "g-1", PermissionSet: "ps-1", Account: "444455556666"},
		},
	}
}

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	t testing.TB
	c *http.Client
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w.t, &http.Client{Transport: w.net, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

type answer struct {
	*http.Response
	body string
}

func (b *browser) do(method, to string, form url.Values, headers ...string) answer {
	b.t.Helper()
	if form == nil {
		return b.send(method, to, nil, headers...)
	}
	headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)
	return b.send(method, to, strings.NewReader(form.Encode()), headers...)
}

// raw posts a body.
func (b *browser) raw(to, body string, headers ...string) answer {
	b.t.Helper()
	return b.send(http.MethodPost, to, strings.NewReader(body), headers...)
}

func (b *browser) send(method, to string, body io.Reader, headers ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, to, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.c.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp, string(raw)}
}

func (b *browser) get(to string, headers ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, to, nil, headers...)
}

// want fails the test unless the answer has the status, and for redirects returns where it leads.
func (a answer) want(t testing.TB, status int) *url.URL {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", a.Request.Method, a.Request.URL.Host, a.StatusCode, status, a.body)
	}
	if status/100 != 3 {
		return nil
	}
	to, err := a.Location()
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// between is the text between two marks; "" where they are not there.
func between(s, before, after string) string {
	_, rest, ok := strings.Cut(s, before)
	if !ok {
		return ""
	}
	inside, _, _ := strings.Cut(rest, after)
	return inside
}

func (a answer) cause() string { return between(a.body, `data-error="`, `"`) }

func (a answer) token() string { return between(a.body, `x-amz-sso_bearer_token" content="`, `"`) }

// ask goes as far as the provider in a Region.
func (b *browser) ask(w *world, region string) asked {
	b.t.Helper()
	login := b.get(w.instance.PortalURL(region)).want(b.t, http.StatusFound)
	return readAuthnRequest(b.t, b.get(login.String()).want(b.t, http.StatusFound))
}

func (w *world) draftFor(q asked, user string) draft {
	return draft{acs: q.ACS, audience: q.Issuer, issuer: entityID, nameID: user, inResponseTo: q.ID, now: w.now()}
}

func (w *world) now() time.Time { return time.Now().UTC() }

func (b *browser) post(acs, response string) answer {
	b.t.Helper()
	return b.do(http.MethodPost, acs, url.Values{"SAMLResponse": {response}, "RelayState": {"https://evil.test/"}})
}

// signIn goes all the way to the portal's page and its account list.
func (b *browser) signIn(w *world, region, user string) (page answer, accounts accountList) {
	b.t.Helper()
	q := b.ask(w, region)
	back := b.post(q.ACS, w.draftFor(q, user).encoded(b.t)).want(b.t, http.StatusSeeOther)
	page = b.get(back.String())
	page.want(b.t, http.StatusOK)
	list := b.accounts(region, page.token())
	list.want(b.t, http.StatusOK)
	if err := json.Unmarshal([]byte(list.body), &accounts); err != nil {
		b.t.Fatal(err)
	}
	return page, accounts
}

func (b *browser) accounts(region, token string) answer {
	b.t.Helper()
	return b.get("https://"+names.PortalAPIHost(region)+"/assignment/accounts?max_result=100", headerToken, token)
}

// held is how many sessions a Region remembers.
func (s *stores) held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions.len()
}
