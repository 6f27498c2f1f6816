package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// Entry is a change of one record as it travels to other Regions.
type Entry struct {
	Number  uint64          `json:"n,omitempty"` // in the log of its stream, from 1
	Kind    string          `json:"kind"`
	ID      string          `json:"id"`
	At      int64           `json:"at,omitempty"` // when it was made, nanoseconds since 1970
	Value   json.RawMessage `json:"value,omitempty"`
	Indexes []Index         `json:"indexes,omitempty"`

	Before json.RawMessage `json:"-"` // what the Region had of it until now; nil for nothing
}

// Deleted tells whether the record is gone.
func (e *Entry) Deleted() bool { return e.Value == nil }

// Heads are the newest numbers of a Region's logs, by stream.
type Heads map[string]uint64

// maxLog bounds the entries that a log keeps for Regions that can't be reached. Who is further behind is sent
// everything anew.
const maxLog = 50_000

// Update changes records as a Region whose logs these are, all of them or none.
func (s *Store) Update(keys Keys, origin string, do func(*Tx) error) error {
	return s.change(&Tx{keys: keys, origin: origin, now: time.Now().UnixNano()}, func(t *Tx) error {
		if err := do(t); err != nil {
			return err
		}
		for _, e := range t.entries {
			if err := t.log(&e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *Tx) log(e *Entry) error {
	stream := t.s.kinds[e.Kind].Stream
	if stream == "" {
		return nil
	}
	b, err := t.bucket(prefixLog + stream)
	if err != nil {
		return err
	}
	if e.Number, err = b.NextSequence(); err != nil {
		return err
	}
	s, err := t.sealer(e.Kind)
	if err != nil {
		return err
	}
	sealed, err := s.seal(prefixLog+stream, e)
	if err != nil {
		return err
	}
	if e.Number > maxLog {
		if err := b.Delete(number(e.Number - maxLog)); err != nil {
			return err
		}
	}
	return b.Put(number(e.Number), append(append(number(uint64(e.At)), e.Kind+"\x00"...), sealed...))
}

// Next is when the entry after a number was made, nanoseconds since 1970; false where there is none. It needs no key.
func (s *Store) Next(stream string, after uint64) (at int64, found bool) {
	_ = s.db.View(func(tx *bbolt.Tx) error { // fails where the Store is closed alone
		if b := tx.Bucket([]byte(prefixLog + stream)); b != nil {
			key, value := b.Cursor().Seek(number(after + 1))
			if found = len(value) >= 8 && key != nil; found {
				at = int64(numberOf(value[:8]))
			}
		}
		return nil
	})
	return at, found
}

// Head is the newest number of a stream's log; 0 before the first.
func (s *Store) Head(stream string) uint64 {
	var head uint64
	_ = s.db.View(func(tx *bbolt.Tx) error { // fails where the Store is closed alone
		if b := tx.Bucket([]byte(prefixLog + stream)); b != nil {
			head = b.Sequence()
		}
		return nil
	})
	return head
}

// ErrBehind says that the log no longer reaches back that far: a Snapshot is due.
var ErrBehind = errors.New("the log does not reach back that far")

// After reads a stream's log after a number, at most so many entries.
func (s *Store) After(keys Keys, stream string, after uint64, limit int) ([]Entry, error) {
	var found []Entry
	err := s.View(keys, func(t *Tx) error {
		b, err := t.bucket(prefixLog + stream)
		if err != nil || b == nil {
			return err
		}
		c := b.Cursor()
		for key, sealed := c.Seek(number(after + 1)); key != nil && len(found) < limit; key, sealed = c.Next() {
			e, err := t.entry(stream, sealed)
			if err != nil {
				return err
			}
			found = append(found, *e)
		}
		if after < b.Sequence() && (len(found) == 0 || found[0].Number != after+1) {
			return ErrBehind
		}
		return nil
	})
	return found, err
}

func (t *Tx) entry(stream string, kept []byte) (*Entry, error) {
	kind, sealed, ok := bytes.Cut(kept[min(8, len(kept)):], []byte{0})
	if !ok {
		return nil, fmt.Errorf("the log of %s holds what is no entry", stream)
	}
	s, err := t.sealer(string(kind))
	if err != nil {
		return nil, err
	}
	e := new(Entry)
	return e, s.open(sealed, prefixLog+stream, e)
}

// Trim forgets a stream's entries up to a number, since every Region has them.
func (s *Store) Trim(stream string, upTo uint64) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(prefixLog + stream))
		if b == nil {
			return nil
		}
		var old [][]byte
		c := b.Cursor()
		for key, _ := c.First(); key != nil && numberOf(key) <= upTo; key, _ = c.Next() {
			old = append(old, clone(key))
		}
		for _, key := range old {
			if err := b.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Snapshot is all records of a stream that a Region made, and the number up to which its log is in it.
func (s *Store) Snapshot(keys Keys, stream, origin string) (entries []Entry, upTo uint64, err error) {
	err = s.View(keys, func(t *Tx) error {
		if b, err := t.bucket(prefixLog + stream); err != nil {
			return err
		} else if b != nil {
			upTo = b.Sequence()
		}
		for _, k := range s.kinds {
			if k.Stream != stream {
				continue
			}
			err := t.each(k.Name, "", func(id string, r *record) (bool, error) {
				if r.Origin == origin {
					entries = append(entries, Entry{Kind: k.Name, ID: id, Value: r.Value, Indexes: r.Indexes})
				}
				return true, nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return entries, upTo, err
}
