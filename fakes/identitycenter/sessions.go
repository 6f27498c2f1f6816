package identitycenter

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// Limits of what a replica remembers. A load of 300 sign-ins a second fills none but sessions and replays within
// minutes, and these stay below 20 MB.
const (
	maxSessions = 20_000
	maxRequests = 20_000
	maxReplays  = 50_000
	maxCodes    = 5_000
	maxViews    = 5_000

	requestLife = 5 * time.Minute  // of an outstanding AuthnRequest
	codeLife    = 60 * time.Second // of a one-time code between sign-in and portal

	// viewLife is how long what a sign-in has read of the directory serves the portal and its API, so that one sign-in
	// asks KMS once; later calls ask again.
	viewLife = 10 * time.Second
)

// digest is how secrets are kept: whoever reads a replica's memory or its replication cannot use them.
type digest [sha256.Size]byte

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

// newSecret has 256 random bits in 43 characters.
func newSecret() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// session is one person's stay at the portals of all Regions.
type session struct {
	ID      string    `json:"id"`
	User    string    `json:"user"`   // the user name
	UserID  string    `json:"userId"` // which stays where the name changes
	Origin  string    `json:"origin"` // the Region of the sign-in
	Started time.Time `json:"started"`
	Expires time.Time `json:"expires"`
	Browser []byte    `json:"browser"` // digest of the browser's sign-in cookie

	tokens []digest // of this Region's portal, which are not replicated
}

// request is an AuthnRequest that waits for its response.
type request struct {
	browser digest // of the browser that was sent to the provider
	state   portalState
}

// grant is what a one-time code stands for.
type grant struct {
	session string
	flow    string // the portal's mark on the browser; "" after an unsolicited response
}

// stores is all that a replica remembers besides the directory.
type stores struct {
	mu          sync.Mutex
	requests    *shelf[string, request]
	outstanding map[digest]int // requests of a browser
	replays     *shelf[digest, struct{}]
	codes       *shelf[digest, grant]
	views       *shelf[string, *person] // by session
	sessions    *shelf[string, *session]
	browsers    map[digest]*session
	tokens      map[digest]*session
	closed      *shelf[string, struct{}]  // sessions that must not come back by replication
	revoked     *shelf[string, time.Time] // by user: sessions that began until then are void
}

func newStores() *stores {
	s := &stores{
		requests:    newShelf[string, request](maxRequests),
		outstanding: map[digest]int{},
		replays:     newShelf[digest, struct{}](maxReplays),
		codes:       newShelf[digest, grant](maxCodes),
		views:       newShelf[string, *person](maxViews),
		sessions:    newShelf[string, *session](maxSessions),
		browsers:    map[digest]*session{},
		tokens:      map[digest]*session{},
		closed:      newShelf[string, struct{}](maxSessions),
		revoked:     newShelf[string, time.Time](maxSessions),
	}
	s.requests.dropped = func(_ string, q request) {
		if s.outstanding[q.browser]--; s.outstanding[q.browser] <= 0 {
			delete(s.outstanding, q.browser)
		}
	}
	s.sessions.dropped = func(_ string, gone *session) {
		if b := digest(gone.Browser); s.browsers[b] == gone {
			delete(s.browsers, b)
		}
		for _, t := range gone.tokens {
			delete(s.tokens, t)
		}
	}
	return s
}

// expectResponse remembers an AuthnRequest.
func (s *stores) expectResponse(id string, q request, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests.put(id, q, now, now.Add(requestLife))
	s.outstanding[q.browser]++
}

// settle decides what needs memory about a verified response: its request is outstanding in this very browser and is
// used up, or it answers none and may; and its assertion is new.
func (s *stores) settle(a *authentication, browser digest, unsolicited bool, now time.Time) (request, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := digestOf(a.assertionID)
	if _, again := s.replays.get(seen, now); again {
		return request{}, refuse(causeReplay, "the assertion has been used")
	}
	var q request
	if a.inResponseTo != "" {
		var ok bool
		if q, ok = s.requests.get(a.inResponseTo, now); !ok || q.browser != browser {
			return request{}, refuse(causeInResponseTo, "no such request is outstanding in this browser")
		}
		s.requests.take(a.inResponseTo, now)
	} else if r := s.mayComeUnasked(browser, unsolicited, now); r != nil {
		return request{}, r
	}
	s.replays.put(seen, struct{}{}, now, a.usableUntil)
	return q, nil
}

func (s *stores) mayComeUnasked(browser digest, unsolicited bool, now time.Time) *refusal {
	s.requests.trim(now)
	switch {
	case !unsolicited:
		return refuse(causeUnsolicited, "unsolicited responses are not accepted")
	case s.outstanding[browser] > 0:
		return refuse(causeUnsolicited, "the browser waits for the response to a request")
	}
	return nil
}

// open begins a session, or takes over one that was replicated; it refuses those that have ended already.
func (s *stores) open(n *session, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, gone := s.closed.get(n.ID, now); gone || !now.Before(n.Expires) || len(n.Browser) != sha256.Size {
		return false
	}
	if until, ok := s.revoked.get(n.User, now); ok && !n.Started.After(until) {
		return false
	}
	if _, have := s.sessions.get(n.ID, now); have {
		return false
	}
	s.sessions.put(n.ID, n, now, n.Expires)
	s.browsers[digest(n.Browser)] = n
	return true
}

// shut ends a session for good, whether it is known here or only elsewhere.
func (s *stores) shut(id string, expires, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutLocked(id, expires, now)
}

func (s *stores) shutLocked(id string, expires, now time.Time) {
	s.sessions.take(id, now)
	s.views.take(id, now)
	s.closed.put(id, struct{}{}, now, expires)
}

// revoke ends all sessions of the user that began until then, and those that are still to come by replication.
func (s *stores) revoke(user string, until, forget, now time.Time) {
	s.mu.Lock()
	if old, ok := s.revoked.get(user, now); !ok || old.Before(until) {
		s.revoked.put(user, until, now, forget)
	}
	s.mu.Unlock()
	s.endWhere(func(n *session) bool { return n.User == user && !n.Started.After(until) }, now)
}

// endWhere ends the sessions that match, and tells their IDs.
func (s *stores) endWhere(match func(*session) bool, now time.Time) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ended []*session
	s.sessions.each(func(_ string, n *session) bool {
		if match(n) {
			ended = append(ended, n)
		}
		return true
	})
	for _, n := range ended {
		s.shutLocked(n.ID, n.Expires, now)
		ids = append(ids, n.ID)
	}
	return ids
}

// forget knows of no session any more, nor of any that has ended: all of them may come back by replication.
func (s *stores) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	s.sessions.each(func(id string, _ *session) bool {
		all = append(all, id)
		return true
	})
	for _, id := range all {
		s.sessions.take(id, time.Time{})
	}
	s.views = newShelf[string, *person](maxViews)
	s.closed = newShelf[string, struct{}](maxSessions)
	s.revoked = newShelf[string, time.Time](maxSessions)
}

// lose knows of no session any more, and of none that a one-time code leads to. What has ended stays ended.
func (s *stores) lose() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	s.sessions.each(func(id string, _ *session) bool {
		all = append(all, id)
		return true
	})
	for _, id := range all {
		s.sessions.take(id, time.Time{})
	}
	s.views = newShelf[string, *person](maxViews)
	return len(all)
}

// LoseSessions lets the Region forget all sessions at once, as where what keeps them was lost: people are asked to sign
// in again here, and go on in other Regions. It tells how many they were. They come back with a restart of its process,
// where that has a folder for its records. Its error is that one of them is known still.
func (r *Replica) LoseSessions() (int, error) {
	now := r.now()
	canary, browser := newSecret(), digestOf(newSecret())
	r.stores.open(&session{ID: canary, Started: now, Expires: now.Add(time.Minute), Browser: browser[:]}, now)
	if r.stores.ofID(canary, now) == nil {
		return 0, errors.New("a session that was just begun is not known")
	}
	lost := r.stores.lose() - 1 // the canary's
	if r.stores.ofID(canary, now) != nil {
		return lost, errors.New("a session that was begun before is known still")
	}
	return lost, nil
}

// ofBrowser is the live session that a sign-in cookie stands for.
func (s *stores) ofBrowser(secret string, now time.Time) *session {
	return s.live(s.browsers, secret, now)
}

// ofToken is the live session that a portal's bearer token stands for.
func (s *stores) ofToken(secret string, now time.Time) *session {
	return s.live(s.tokens, secret, now)
}

// ofID is a live session.
func (s *stores) ofID(id string, now time.Time) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := s.sessions.get(id, now)
	return n
}

func (s *stores) live(by map[digest]*session, secret string, now time.Time) *session {
	if secret == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := by[digestOf(secret)]
	if n == nil {
		return nil
	}
	if _, ok := s.sessions.get(n.ID, now); !ok {
		return nil
	}
	return n
}

// mint makes the one-time code that leads from sign-in to portal.
func (s *stores) mint(g grant, now time.Time) string {
	code := newSecret()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes.put(digestOf(code), g, now, now.Add(codeLife))
	return code
}

// redeem uses a one-time code up and gives out a bearer token of this Region's portal, which no other knows. A nil
// session says that the code is not good.
func (r *Replica) redeem(code, flow string, now time.Time) (*session, string, error) {
	n := r.stores.redeem(code, flow, now)
	if n == nil {
		return nil, "", nil
	}
	token := newSecret()
	d := digestOf(token)
	r.stores.give(n.ID, d, now)
	return n, token, r.record(func(tx *records.Tx) error {
		return tx.Put(kindToken, timeBound(n.Expires)+hex.EncodeToString(d[:]), portalToken{n.ID, d[:]})
	})
}

// portalToken is a bearer token as it is recorded.
type portalToken struct {
	Session string `json:"session"`
	Digest  []byte `json:"digest"`
}

// redeem uses a one-time code up; nil where it is none, expired or another browser's.
func (s *stores) redeem(code, flow string, now time.Time) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.codes.take(digestOf(code), now)
	if !ok || (g.flow != "" && g.flow != flow) {
		return nil
	}
	n, _ := s.sessions.get(g.session, now)
	return n
}

// give lets a token stand for a session.
func (s *stores) give(session string, token digest, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.sessions.get(session, now)
	if !ok {
		return
	}
	n.tokens = append(n.tokens, token)
	if len(n.tokens) > maxTokensOfSession {
		delete(s.tokens, n.tokens[0])
		n.tokens = n.tokens[1:]
	}
	s.tokens[token] = n
}

// maxTokensOfSession bounds how many browsers' tabs of one session hold a token of their own.
const maxTokensOfSession = 8

// see keeps what was just read of the directory for the session.
func (s *stores) see(id string, p *person, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views.put(id, p, now, now.Add(viewLife))
}

func (s *stores) view(id string, now time.Time) *person {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, _ := s.views.get(id, now)
	return p
}

// personOf is the directory's record of the session's user: as the sign-in has just read it, or read again under the
// KMS key. A user who has left or is disabled loses the session; the result is then nil.
func (r *Replica) personOf(ctx context.Context, n *session) (*person, error) {
	if p := r.stores.view(n.ID, r.now()); p != nil {
		return p, nil
	}
	p, err := r.personByID(ctx, n.UserID)
	if err != nil {
		return nil, err
	}
	if p == nil || p.User.Disabled {
		r.stores.shut(n.ID, n.Expires, r.now())
		return nil, nil
	}
	return p, nil
}

// sessionEnd and revocation end sessions wherever they are known, whether they come before or after them.
type sessionEnd struct {
	Session string    `json:"session"`
	Until   time.Time `json:"until"` // when it may be forgotten
}

type revocation struct {
	User  string    `json:"user"`
	At    time.Time `json:"at"` // sessions that began until then are void
	Until time.Time `json:"until"`
}

// timelyKinds are those whose ids are timely, what ends something before what begins it.
var timelyKinds = []string{
	kindSessionEnd, kindRevocation, kindSession, kindToken, kindClient, kindAuthorization, kindClientToken,
}

// timely is an id that sorts by when the record may be forgotten.
func timely(until time.Time) string { return timeBound(until) + newSecret()[:22] }

func timeBound(t time.Time) string { return fmt.Sprintf("%011x-", max(0, t.Unix())) }

// record writes what happened to sessions for this Region, should it restart, and for the others; what has expired is
// forgotten on the way. Nobody is kept waiting for a key: it goes by the one that was opened last.
func (r *Replica) record(write func(*records.Tx) error) error {
	bound := timeBound(r.now())
	return r.store.Update(r.vault.sessionKeys(), r.cfg.Region, func(tx *records.Tx) error {
		err := write(tx)
		for _, kind := range timelyKinds {
			err = errors.Join(err, tx.DropBefore(kind, bound))
		}
		return err
	})
}

// RevokeSessions ends all sessions of the user, here at once and in the other Regions as replication gets there. Every
// Region can do it (IAM Identity Center User Guide, "Use cases across Regions").
func (r *Replica) RevokeSessions(user string) error {
	now := r.now()
	v := revocation{User: user, At: now, Until: now.Add(r.cfg.Behaviour.SessionDuration)}
	r.stores.revoke(v.User, v.At, v.Until, now)
	return r.record(func(tx *records.Tx) error { return tx.Put(kindRevocation, timely(v.Until), v) })
}

// openSession begins a session at the end of a sign-in and tells the other Regions.
func (r *Replica) openSession(user *User, browserSecret string, end time.Time) (*session, error) {
	now := r.now()
	expires := now.Add(r.cfg.Behaviour.SessionDuration)
	if !end.IsZero() && end.Before(expires) {
		expires = end
	}
	browser := digestOf(browserSecret)
	n := &session{
		ID: timely(expires), User: user.Name, UserID: user.ID, Origin: r.cfg.Region, Started: now, Expires: expires,
		Browser: browser[:],
	}
	if err := r.record(func(tx *records.Tx) error { return tx.Put(kindSession, n.ID, n) }); err != nil {
		return nil, err
	}
	r.stores.open(n, now)
	return n, nil
}

// closeSession ends a session because its person signs out, and tells the other Regions.
func (r *Replica) closeSession(n *session) error {
	r.stores.shut(n.ID, n.Expires, r.now())
	return r.record(func(tx *records.Tx) error {
		return errors.Join(tx.Drop(kindSession, n.ID), tx.Put(kindSessionEnd, n.ID, sessionEnd{n.ID, n.Expires}))
	})
}

// follow does in memory what entries of other Regions say: sessions begin and end, people who may no longer sign in
// lose theirs, and the configuration is another. What makes no sense is passed over, so that it doesn't hold up the
// rest.
func (r *Replica) follow(keys records.Keys, fresh []records.Entry) error {
	configured := false
	for _, e := range fresh {
		r.followIdentity(&e)
		switch e.Kind {
		case kindSession, kindSessionEnd, kindRevocation:
			r.followSession(&e)
		case kindUser:
			r.followUser(&e)
		case kindInstance, kindRegion, kindProvider:
			configured = true
		}
	}
	switch {
	case !configured:
		return nil
	case r.known.Load() == nil:
		return r.wake(keys) // after a restart this may come before anything else, and sessions are recorded too
	}
	return r.reconfigure(keys)
}

func (r *Replica) followSession(e *records.Entry) {
	now := r.now()
	var n session
	var end sessionEnd
	var v revocation
	var token portalToken
	switch {
	case e.Deleted():
	case e.Kind == kindSession && json.Unmarshal(e.Value, &n) == nil && n.ID == e.ID && n.UserID != "":
		r.stores.open(&n, now)
	case e.Kind == kindSessionEnd && json.Unmarshal(e.Value, &end) == nil:
		r.stores.shut(end.Session, end.Until, now)
	case e.Kind == kindRevocation && json.Unmarshal(e.Value, &v) == nil:
		r.stores.revoke(v.User, v.At, v.Until, now)
	case e.Kind == kindToken && json.Unmarshal(e.Value, &token) == nil && len(token.Digest) == sha256.Size:
		r.stores.give(token.Session, digest(token.Digest), now)
	}
}

// followUser ends the sessions of who may no longer sign in.
func (r *Replica) followUser(e *records.Entry) {
	var u User
	if e.Deleted() || json.Unmarshal(e.Value, &u) == nil && u.Disabled {
		ended := r.stores.endWhere(func(n *session) bool { return n.UserID == e.ID }, r.now())
		if len(ended) > 0 {
			_ = r.record(func(tx *records.Tx) error { // so that none of them comes back with the user; fails once closed alone
				var err error
				for _, id := range ended {
					err = errors.Join(err, tx.Drop(kindSession, id))
				}
				return err
			})
		}
	}
}

// remember takes what is recorded of sessions into memory, after a restart. The ends come before the beginnings.
func (r *Replica) remember(keys records.Keys) error {
	return r.store.View(keys, func(tx *records.Tx) error {
		for _, kind := range timelyKinds {
			err := tx.Each(kind, "", func(id string, raw json.RawMessage) (bool, error) {
				r.followSession(&records.Entry{Kind: kind, ID: id, Value: raw})
				r.oidc.recall(kind, raw, r.now())
				return true, nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
