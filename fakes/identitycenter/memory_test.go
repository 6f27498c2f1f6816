package identitycenter

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/race"
)

// TestMemoryIsBounded fills everything that a replica remembers beyond its limits, with a peer that can't be reached.
func TestMemoryIsBounded(t *testing.T) {
	unlessRaced(t)
	w := newWorld(t)
	defer w.close()
	w.start()
	r := w.replicas[east]
	before := heap()
	now := time.Now()
	for i := range maxReplays + 10_000 {
		id := "_" + strconv.Itoa(i)
		mark := digestOf(id)
		r.stores.expectResponse(id, request{browser: mark, state: portalState{host: id + ".test", flow: id}}, now)
		if i%2 == 0 { // the others never come back
			a := &authentication{assertionID: id, inResponseTo: id, usableUntil: now.Add(time.Hour)}
			if _, refused := r.stores.settle(a, mark, true, now); refused != nil {
				t.Fatal(refused)
			}
		}
		n := &session{ID: timely(now.Add(time.Hour)), UserID: "u-1", Started: now, Expires: now.Add(time.Hour), Browser: mark[:]}
		r.stores.open(n, now)
		r.stores.see(n.ID, &person{Accounts: make([]personsAccount, 3)}, now)
		if s := r.stores.redeem(r.stores.mint(grant{session: n.ID}, now), "", now); s == nil || s.ID != n.ID {
			t.Fatal("the code is not redeemed")
		}
		r.stores.mint(grant{session: n.ID}, now)
		if i%2 == 0 {
			r.stores.shut(n.ID, n.Expires, now)
		}
	}
	s := r.stores
	for name, c := range map[string][2]int{
		"sessions": {s.sessions.len(), maxSessions}, "tokens": {len(s.tokens), maxSessions}, "browsers": {len(s.browsers), maxSessions},
		"requests": {s.requests.len(), maxRequests}, "outstanding": {len(s.outstanding), maxRequests},
		"replays": {s.replays.len(), maxReplays}, "codes": {s.codes.len(), maxCodes}, "views": {s.views.len(), maxViews},
		"closed": {s.closed.len(), maxSessions},
	} {
		if c[0] > c[1] {
			t.Errorf("%s: %d, at most %d", name, c[0], c[1])
		}
	}
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("%d MiB", grown>>20)
	} else {
		t.Logf("%d MiB with everything full", grown>>20)
	}
	runtime.KeepAlive(w)
}

// openSession has Ann begin one.
func openSession(t testing.TB, r *Replica, browser string) *session {
	t.Helper()
	n, err := r.openSession(&User{ID: "u-1", Name: "ann@acme.test"}, browser, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOIDCMemoryIsBounded fills what a replica remembers of clients with the largest that there are.
func TestOIDCMemoryIsBounded(t *testing.T) {
	unlessRaced(t)
	r := newWorld(t, func(c *Config) { c.Behaviour.Quotas = false }).replicas[east]
	before, now := heap(), time.Now()
	scope := strings.Repeat("s", 32) + strings.Repeat(":"+strings.Repeat("x", 32), 3)
	to := "http://127.0.0.1/" + strings.Repeat("x", maxRedirect-len("http://127.0.0.1/"))
	for i := range maxTokens + 1000 {
		if i < maxClients+1000 {
			in := registration{
				ClientName: strings.Repeat("n", maxClientName), ClientType: "public",
				Scopes: cloned(scope, maxScopes), RedirectURIs: cloned(to, maxRedirects),
			}
			out, fault := r.registerClient(httptest.NewRequest(http.MethodPost, "/", nil), &in)
			if fault != nil {
				t.Fatal(fault)
			}
			r.askForDevice(out.(registered).ClientID, "portal.test")
		}
		n := &session{ID: strconv.Itoa(i), Expires: now.Add(time.Hour)}
		r.issueTokens(&oidcClient{ID: n.ID, Scopes: []string{scopeAccounts}, Grants: []string{grantRefresh}}, n)
		r.quotas.take(n.ID, 80, now)
		r.oidc.changes() // which are written, and kept no longer
	}
	s := r.oidc
	for name, c := range map[string][2]int{
		"clients": {s.clients.len(), maxClients}, "authorizations": {s.authorizations.len(), maxAuthorizations},
		"access tokens": {s.tokens[kindAccess].len(), maxTokens}, "refresh tokens": {s.tokens[kindRefresh].len(), maxTokens},
		"buckets": {r.quotas.buckets.len(), maxBuckets},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %d, want %d", name, c[0], c[1])
		}
	}
	if grown := heap() - before; grown > 100<<20 {
		t.Errorf("%d MiB", grown>>20)
	} else {
		t.Logf("%d MiB with everything full", grown>>20)
	}
	runtime.KeepAlive(r)
}

// cloned are so many words that share no memory, as words of requests do.
func cloned(word string, n int) []string {
	var words []string
	for range n {
		words = append(words, strings.Clone(word))
	}
	return words
}

// unlessRaced skips what moves so much memory that the race detector, which watches every word of it, takes ten times as
// long and measures its own. "make test" runs it once more without.
func unlessRaced(t *testing.T) {
	t.Helper()
	if race.Detector {
		t.Skip("bulk is tried without the race detector: make test-real")
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
