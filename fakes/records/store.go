// Package records keeps what one Region of a replicated service knows: durable, encrypted at rest under data keys that
// its owner has to bring to every transaction, and with a log of what was changed here, which other Regions follow in
// order. It knows neither what the records mean nor how a log gets to another Region.
//
// A Store is one bbolt file. It is not synced at every commit: a process that is killed loses nothing, for the kernel
// has what it wrote; only a machine that loses power does, and with it goes the lab.
package records

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Kind is one kind of record.
type Kind struct {
	Name   string
	Stream string // by which its changes reach other Regions; empty where they don't
	Key    string // which of the data keys it is encrypted with
}

// Keys are data keys as KMS has opened them, 32 bytes each, by name.
type Keys map[string][]byte

// Store is the records of one Region. It is safe for concurrent use; one transaction writes at a time.
type Store struct {
	db    *bbolt.DB
	kinds map[string]Kind
	path  string // to be removed with it; empty where it stays

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every commit
}

// Buckets of the file. Those of records, indexes and logs are made per kind, index and stream.
const (
	bucketPlain   = "plain"   // small things that are no secret: data keys as KMS has encrypted them, whose file this is
	bucketApplied = "applied" // how far the logs of other Regions were taken over
	prefixRecords = "records/"
	prefixIndex   = "index/"
	prefixLog     = "log/"
)

// ErrLocked says that another process has the file open.
var ErrLocked = errors.New("the records are in use by another process")

// Open opens the records at a path, which are made where there are none. Without a path nothing of them outlives the
// Store: they are in memory where the system has files there, and in a temporary file elsewhere.
func Open(path string, kinds []Kind) (*Store, error) {
	s := &Store{kinds: map[string]Kind{}, changed: make(chan struct{})}
	for _, k := range kinds {
		s.kinds[k.Name] = k
	}
	open := os.OpenFile
	if path == "" {
		file, err := temporary()
		if err != nil {
			return nil, fmt.Errorf("making room for records: %w", err)
		}
		path, s.path = file.Name(), file.Name()
		open = func(string, int, os.FileMode) (*os.File, error) { return file, nil }
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: time.Second, NoSync: true, NoGrowSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
		OpenFile: open,
	})
	if errors.Is(err, berrors.ErrTimeout) {
		err = ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("opening the records: %w", err)
	}
	if s.path != "" && (os.Remove(path) == nil || inMemory) {
		s.path = ""
	}
	s.db = db
	return s, nil
}

// Close ends it. A temporary file is gone then.
func (s *Store) Close() error {
	err := s.db.Close()
	if s.path != "" {
		err = errors.Join(err, os.Remove(s.path))
	}
	return err
}

// Changed is closed at the next commit.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *Store) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Plain is a small thing that is kept unencrypted; nil where there is none of the name.
func (s *Store) Plain(name string) []byte {
	var value []byte
	_ = s.db.View(func(tx *bbolt.Tx) error { // fails where the Store is closed alone: there is nothing then
		if b := tx.Bucket([]byte(bucketPlain)); b != nil {
			value = clone(b.Get([]byte(name)))
		}
		return nil
	})
	return value
}

// PutPlain keeps a small thing unencrypted.
func (s *Store) PutPlain(name string, value []byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(bucketPlain))
		if err != nil {
			return err
		}
		return b.Put([]byte(name), value)
	})
}

// Clear forgets everything.
func (s *Store) Clear() error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		var names [][]byte
		err := tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
			names = append(names, clone(name))
			return nil
		})
		for _, name := range names {
			err = errors.Join(err, tx.DeleteBucket(name))
		}
		return err
	})
	if err == nil {
		s.tell()
	}
	return err
}

// Forget removes all records of some streams, their logs, and how far those of other Regions were taken over.
func (s *Store) Forget(streams ...string) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		var names [][]byte
		for _, k := range s.kinds {
			if slices.Contains(streams, k.Stream) {
				names = append(names, bucketsOf(tx, k.Name)...)
			}
		}
		for _, stream := range streams {
			names = append(names, []byte(prefixLog+stream))
		}
		for _, name := range names {
			if tx.Bucket(name) != nil {
				if err := tx.DeleteBucket(name); err != nil {
					return err
				}
			}
		}
		return unapply(tx, streams)
	})
	if err == nil {
		s.tell()
	}
	return err
}

// bucketsOf a kind are its records and its indexes.
func bucketsOf(tx *bbolt.Tx, kind string) [][]byte {
	names := [][]byte{[]byte(prefixRecords + kind)}
	_ = tx.ForEach(func(name []byte, _ *bbolt.Bucket) error { // the visit never fails
		if strings.HasPrefix(string(name), prefixIndex+kind+"/") {
			names = append(names, clone(name))
		}
		return nil
	})
	return names
}

func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func numberOf(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
