package identitycenter

import (
	"sync"
	"time"
)

// Limits of what a Region remembers of its OIDC clients: under 100 MB when hostile clients have filled it all. The
// tokens of each kind are enough for as many people as have sessions.
const (
	maxClients        = 10_000
	maxAuthorizations = 10_000
	maxTokens         = 2 * maxSessions
)

// oidcStore is all that a Region remembers of clients that are no browsers. It is the Region's own: authorizations of
// the command line are never replicated (IAM Identity Center User Guide, "Workforce access through additional
// Regions"). Secrets are kept as digests. Records are values, so that whoever holds one can't change what is kept.
type oidcStore struct {
	mu             sync.Mutex
	clients        *shelf[string, oidcClient] // by ID
	authorizations *shelf[digest, authorization]
	tokens         map[oidcKind]*shelf[digest, oidcToken] // apart, since they live so differently long
	unrecorded     []oidcChange
	recording      sync.Mutex // held from taking what is unrecorded until it is recorded
}

// oidcClient is a public client as it has registered.
type oidcClient struct {
	ID, Name  string
	Secret    digest
	Issued    time.Time
	Expires   time.Time
	Grants    []string
	Scopes    []string
	Redirects []string
	Portal    string // host of the portal that its issuer URL names; empty where it named none
}

// authorization is what a client asks a person for: by a device code, by a browser sent to the authorize endpoint, or,
// once the person has allowed that, by the code which the browser brought back.
type authorization struct {
	Client string
	Portal string    // host whose page asks the person
	Until  time.Time // when it expires; it is remembered longer, to say so

	Kept time.Time // until when it is remembered

	Device digest    // of the device code
	Polled time.Time // when the client last asked

	Redirect, State, Challenge string // of the authorize endpoint

	Session string // of the person who has allowed it
	Denied  bool
}

// decided tells whether a person has answered already.
func (a *authorization) decided() bool { return a.Denied || a.Session != "" }

// oidcToken is what an access token or a refresh token stands for.
type oidcToken struct {
	Client  string
	Session string // of the person; the token ends with it
	Scopes  []string
	Until   time.Time
}

// key is under what a secret is kept: what kind of thing it is, so that one kind is never taken for another.
func (k oidcKind) key(secret string) digest { return digestOf(string(k) + " " + secret) }

// oidcKind is a kind of secret.
type oidcKind string

const (
	kindDevice  oidcKind = "device"  // by the user code
	kindRequest oidcKind = "request" // of the authorize endpoint, by its ID
	kindCode    oidcKind = "code"    // that a browser carries back to the client
	kindAccess  oidcKind = "access"
	kindRefresh oidcKind = "refresh"
)

func newOIDCStore() *oidcStore {
	s := &oidcStore{
		clients:        newShelf[string, oidcClient](maxClients),
		authorizations: newShelf[digest, authorization](maxAuthorizations),
		tokens: map[oidcKind]*shelf[digest, oidcToken]{
			kindAccess: newShelf[digest, oidcToken](maxTokens), kindRefresh: newShelf[digest, oidcToken](maxTokens),
		},
	}
	// What leaves memory, because it was used or to make room, leaves the records too.
	s.clients.dropped = func(id string, c oidcClient) { s.note(kindClient, c.Expires, id, nil) }
	s.authorizations.dropped = func(key digest, a authorization) { s.note(kindAuthorization, a.Kept, key.String(), nil) }
	for _, shelf := range s.tokens {
		shelf.dropped = func(key digest, t oidcToken) { s.note(kindClientToken, t.Until, key.String(), nil) }
	}
	return s
}

// addClient remembers a client until it expires.
func (s *oidcStore) addClient(c oidcClient, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients.put(c.ID, c, now, c.Expires)
	s.note(kindClient, c.Expires, c.ID, c)
}

// client is one that has registered in this Region and has not expired.
func (s *oidcStore) client(id string, now time.Time) (oidcClient, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients.get(id, now)
}

// addAuthorization remembers what a client asks for until then, and tells whether nothing else is kept under the key.
func (s *oidcStore) addAuthorization(key digest, a authorization, now, until time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.authorizations.get(key, now); taken {
		return false
	}
	a.Kept = until
	s.authorizations.put(key, a, now, until)
	s.note(kindAuthorization, until, key.String(), keptAuthorization{key, a})
	return true
}

// authorization is what is kept under the key.
func (s *oidcStore) authorization(key digest, now time.Time) (authorization, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authorizations.get(key, now)
}

// change lets a function alter what is kept under the key, as one step; false where nothing is.
func (s *oidcStore) change(key digest, now time.Time, alter func(*authorization)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.authorizations.get(key, now)
	if ok {
		alter(&a)
		s.authorizations.set(key, a)
		s.note(kindAuthorization, a.Kept, key.String(), keptAuthorization{key, a})
	}
	return ok
}

// takeAuthorization is authorization, once.
func (s *oidcStore) takeAuthorization(key digest, now time.Time) (authorization, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authorizations.take(key, now)
}

// addToken remembers an access token or a refresh token until then.
func (s *oidcStore) addToken(kind oidcKind, secret string, t oidcToken, now, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Until = until
	key := kind.key(secret)
	s.tokens[kind].put(key, t, now, until)
	s.note(kindClientToken, until, key.String(), keptToken{kind, key, t})
}

// token is what a token of the kind stands for.
func (s *oidcStore) token(kind oidcKind, secret string, now time.Time) (oidcToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[kind].get(kind.key(secret), now)
}

// takeToken is token, once.
func (s *oidcStore) takeToken(kind oidcKind, secret string, now time.Time) (oidcToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[kind].take(kind.key(secret), now)
}
