package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Index is a value by which a record is found. At rest it is a keyed hash of the value. A unique one belongs to one
// record of the kind at most.
type Index struct {
	Name   string `json:"n"`
	Value  string `json:"v"`
	Unique bool   `json:"u,omitempty"`
}

// ErrTaken says that another record has the unique value.
type ErrTaken struct{ Kind, Index, Value, By string }

// Error names the index, and not the value: that is for its owner to tell.
func (e *ErrTaken) Error() string { return "another " + e.Kind + " has the same " + e.Index }

// record is what is sealed.
type record struct {
	Origin  string          `json:"o"` // Region whose log it is in
	Value   json.RawMessage `json:"v"`
	Indexes []Index         `json:"i,omitempty"`
}

// Tx is a transaction. What it reads is as of its beginning, and what it did itself.
type Tx struct {
	s       *Store
	tx      *bbolt.Tx
	keys    Keys
	origin  string
	entries []Entry // what is to go into the logs
	now     int64
	sealers map[string]*sealer // by the name of the data key
}

// View reads.
func (s *Store) View(keys Keys, do func(*Tx) error) error {
	return s.db.View(func(tx *bbolt.Tx) error { return do(&Tx{s: s, tx: tx, keys: keys}) })
}

// Written is what the transaction has written so far, but for what it told nobody.
func (t *Tx) Written() []Entry { return t.entries }

// bucket is nil in a View where it was never written.
func (t *Tx) bucket(name string) (*bbolt.Bucket, error) {
	b := t.tx.Bucket([]byte(name))
	if b == nil && t.tx.Writable() {
		return t.tx.CreateBucket([]byte(name))
	}
	return b, nil
}

func (t *Tx) sealer(kind string) (*sealer, error) {
	k, ok := t.s.kinds[kind]
	if !ok {
		return nil, fmt.Errorf("there is no kind of record %q", kind)
	}
	if s := t.sealers[k.Key]; s != nil {
		return s, nil
	}
	s, err := newSealer(t.keys[k.Key])
	if err != nil {
		return nil, err
	}
	if t.sealers == nil {
		t.sealers = map[string]*sealer{}
	}
	t.sealers[k.Key] = s
	return s, nil
}

func (t *Tx) read(kind, id string) (*record, error) {
	b, err := t.bucket(prefixRecords + kind)
	if err != nil || b == nil {
		return nil, err
	}
	return t.unseal(kind, id, b.Get([]byte(id)))
}

func (t *Tx) unseal(kind, id string, sealed []byte) (*record, error) {
	if sealed == nil {
		return nil, nil
	}
	s, err := t.sealer(kind)
	if err != nil {
		return nil, err
	}
	r := new(record)
	return r, s.open(sealed, kind+"/"+id, r)
}

// Get reads a record and tells whether there is one.
func (t *Tx) Get(kind, id string, into any) (bool, error) {
	r, err := t.read(kind, id)
	if r == nil || err != nil {
		return false, err
	}
	return true, json.Unmarshal(r.Value, into)
}

// Has tells whether there is a record. It needs no key.
func (t *Tx) Has(kind, id string) bool {
	b, err := t.bucket(prefixRecords + kind)
	return err == nil && b != nil && b.Get([]byte(id)) != nil
}

// Put writes a record, in the place of an older one, and its change into the kind's stream. Its error is an *ErrTaken
// where another record has one of the unique values; the transaction should be given up then.
func (t *Tx) Put(kind, id string, value any, indexes ...Index) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding a record: %w", err)
	}
	before, err := t.write(kind, id, &record{Origin: t.origin, Value: raw, Indexes: indexes})
	if err != nil {
		return err
	}
	t.entries = append(t.entries, Entry{Kind: kind, ID: id, At: t.now, Value: raw, Indexes: indexes, Before: before})
	return nil
}

// Delete removes a record, which need not be there, and tells the kind's stream.
func (t *Tx) Delete(kind, id string) error {
	if !t.Has(kind, id) {
		return nil
	}
	before, err := t.drop(kind, id)
	t.entries = append(t.entries, Entry{Kind: kind, ID: id, At: t.now, Before: before})
	return err
}

// Drop removes a record and tells nobody.
func (t *Tx) Drop(kind, id string) error {
	_, err := t.drop(kind, id)
	return err
}

// drop tells what was removed, nil for nothing.
func (t *Tx) drop(kind, id string) (before json.RawMessage, err error) {
	if !t.tx.Writable() {
		return nil, berrors.ErrTxNotWritable
	}
	old, err := t.read(kind, id)
	if old == nil || err != nil {
		return nil, err
	}
	if err := t.unindex(kind, id, old); err != nil {
		return nil, err
	}
	b, err := t.bucket(prefixRecords + kind)
	if err != nil {
		return nil, err
	}
	return old.Value, b.Delete([]byte(id))
}

// DropBefore removes the records of a kind whose ids come before the bound, and tells nobody.
func (t *Tx) DropBefore(kind, bound string) error {
	b, err := t.bucket(prefixRecords + kind)
	if err != nil || b == nil {
		return err
	}
	var old []string
	c := b.Cursor()
	for id, _ := c.First(); id != nil && string(id) < bound; id, _ = c.Next() {
		old = append(old, string(id))
	}
	for _, id := range old {
		if err := t.Drop(kind, id); err != nil {
			return err
		}
	}
	return nil
}

// write tells what was in the record's place, nil for nothing.
func (t *Tx) write(kind, id string, r *record) (before json.RawMessage, err error) {
	switch {
	case !t.tx.Writable():
		return nil, berrors.ErrTxNotWritable
	case id == "":
		return nil, errors.New("a record needs an id")
	}
	s, err := t.sealer(kind)
	if err != nil {
		return nil, err
	}
	old, err := t.read(kind, id)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if before, err = old.Value, t.unindex(kind, id, old); err != nil {
			return nil, err
		}
	}
	if err := t.index(s, kind, id, r); err != nil {
		return nil, err
	}
	sealed, err := s.seal(kind+"/"+id, r)
	if err != nil {
		return nil, err
	}
	b, err := t.bucket(prefixRecords + kind)
	if err != nil {
		return nil, err
	}
	return before, b.Put([]byte(id), sealed)
}

func (t *Tx) index(s *sealer, kind, id string, r *record) error {
	for _, x := range r.Indexes {
		b, err := t.bucket(prefixIndex + kind + "/" + x.Name)
		if err != nil {
			return err
		}
		key := s.hash(x)
		if x.Unique {
			if by := b.Get(key); by != nil && string(by) != id {
				return &ErrTaken{kind, x.Name, x.Value, string(by)}
			}
			err = b.Put(key, []byte(id))
		} else {
			err = b.Put(append(key, id...), nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) unindex(kind, id string, old *record) error {
	s, err := t.sealer(kind)
	if err != nil {
		return err
	}
	for _, x := range old.Indexes {
		b, err := t.bucket(prefixIndex + kind + "/" + x.Name)
		if err != nil {
			return err
		}
		key := s.hash(x)
		if !x.Unique {
			key = append(key, id...)
		} else if string(b.Get(key)) != id {
			continue
		}
		if err := b.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// Find is the id of the record that has the unique value; empty where none has.
func (t *Tx) Find(kind, index, value string) (string, error) {
	b, err := t.bucket(prefixIndex + kind + "/" + index)
	if err != nil || b == nil {
		return "", err
	}
	s, err := t.sealer(kind)
	if err != nil {
		return "", err
	}
	return string(b.Get(s.hash(Index{Name: index, Value: value, Unique: true}))), nil
}

// Visit is told of records, in the order of their ids, until it says that it needs no more.
type Visit func(id string, value json.RawMessage) (more bool, err error)

// Each visits the records of a kind whose ids come after the given one.
func (t *Tx) Each(kind, after string, visit Visit) error {
	return t.each(kind, after, func(id string, r *record) (bool, error) { return visit(id, r.Value) })
}

func (t *Tx) each(kind, after string, visit func(string, *record) (bool, error)) error {
	b, err := t.bucket(prefixRecords + kind)
	if err != nil || b == nil {
		return err
	}
	c := b.Cursor()
	for id, sealed := c.Seek([]byte(after)); id != nil; id, sealed = c.Next() {
		if string(id) == after {
			continue
		}
		r, err := t.unseal(kind, string(id), sealed)
		if err != nil {
			return err
		}
		if more, err := visit(string(id), r); err != nil || !more {
			return err
		}
	}
	return nil
}

// EachOf visits the records of a kind that have the value in an index that isn't unique.
func (t *Tx) EachOf(kind, index, value, after string, visit Visit) error {
	b, err := t.bucket(prefixIndex + kind + "/" + index)
	if err != nil || b == nil {
		return err
	}
	s, err := t.sealer(kind)
	if err != nil {
		return err
	}
	prefix := s.hash(Index{Name: index, Value: value})
	var ids []string
	c := b.Cursor()
	for key, _ := c.Seek(append(clone(prefix), after...)); bytes.HasPrefix(key, prefix); key, _ = c.Next() {
		if id := string(key[len(prefix):]); id != after {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		r, err := t.read(kind, id)
		if err != nil {
			return err
		}
		if r == nil {
			continue // taken away by the visit itself
		}
		if more, err := visit(id, r.Value); err != nil || !more {
			return err
		}
	}
	return nil
}
