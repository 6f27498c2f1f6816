package identitycenter

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/regiondrill/regiondrill/fakes/records"
)

// oidcChange is one that has not been recorded yet: of a record that is written, or removed where there is no value.
type oidcChange struct {
	kind, id string
	value    any
}

// keptAuthorization and keptToken are what is recorded under a secret's key.
type keptAuthorization struct {
	Key digest
	authorization
}

type keptToken struct {
	Kind oidcKind
	Key  digest
	oidcToken
}

// String is for ids.
func (d digest) String() string { return hex.EncodeToString(d[:]) }

// note remembers a change for record; whoever calls it has locked the store.
func (s *oidcStore) note(kind string, until time.Time, id string, value any) {
	s.unrecorded = append(s.unrecorded, oidcChange{kind, timeBound(until) + id, value})
}

func (s *oidcStore) changes() []oidcChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.unrecorded
	s.unrecorded = nil
	return all
}

// maxUnrecorded bounds the changes that wait for a key; the oldest of more are forgotten, whose clients have been told
// that the service is at fault.
const maxUnrecorded = 10_000

// giveBack has changes that could not be recorded wait for the next time.
func (s *oidcStore) giveBack(changes []oidcChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append(changes, s.unrecorded...)
	s.unrecorded = all[max(0, len(all)-maxUnrecorded):]
}

// recordClients writes what has changed of clients, their authorizations and tokens, before anybody is told: a Region
// that restarts knows them, and no other ever does. Who finds nothing to write has waited until it was written by
// somebody else.
func (r *Replica) recordClients() error {
	r.oidc.recording.Lock()
	defer r.oidc.recording.Unlock()
	changes := r.oidc.changes()
	if len(changes) == 0 {
		return nil
	}
	err := r.record(func(tx *records.Tx) error {
		var err error
		for _, c := range changes {
			if c.value == nil {
				err = errors.Join(err, tx.Drop(c.kind, c.id))
			} else {
				err = errors.Join(err, tx.Put(c.kind, c.id, c.value))
			}
		}
		return err
	})
	if err != nil {
		r.oidc.giveBack(changes)
	}
	return err
}

// recorded serves a page of consent, and records before it answers what was decided there.
func (r *Replica) recorded(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		serve(&recording{ResponseWriter: w, record: r.recordClients}, req)
	}
}

// recording records before the first byte of an answer; where it can't, the answer is that the service is at fault.
type recording struct {
	http.ResponseWriter
	record func() error
	begun  bool
	failed bool
}

func (w *recording) WriteHeader(status int) {
	if !w.begun {
		w.begun = true
		if w.record() != nil {
			w.failed = true
			clear(w.Header())
			status = http.StatusInternalServerError
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recording) Write(p []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	if w.failed {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// recall takes a record of a client into memory, after a restart.
func (s *oidcStore) recall(kind string, raw json.RawMessage, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var c oidcClient
	var a keptAuthorization
	var t keptToken
	switch {
	case kind == kindClient && json.Unmarshal(raw, &c) == nil:
		s.clients.put(c.ID, c, now, c.Expires)
	case kind == kindAuthorization && json.Unmarshal(raw, &a) == nil:
		s.authorizations.put(a.Key, a.authorization, now, a.Kept)
	case kind == kindClientToken && json.Unmarshal(raw, &t) == nil && s.tokens[t.Kind] != nil:
		s.tokens[t.Kind].put(t.Key, t.oidcToken, now, t.Until)
	}
}
