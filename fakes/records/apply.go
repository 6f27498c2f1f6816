package records

import (
	"errors"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// Log is one Region's log of one stream, as another Region follows it.
type Log struct {
	Origin string `json:"origin"`
	Stream string `json:"stream"`
	Epoch  string `json:"epoch"` // another one means that the log began anew
}

func (l Log) key() []byte { return []byte(l.Origin + "\x00" + l.Stream) }

// Applied is the number up to which a log was taken over: 0 where nothing of it was, or only of an older epoch.
func (s *Store) Applied(l Log) uint64 {
	var n uint64
	_ = s.db.View(func(tx *bbolt.Tx) error { // fails where the Store is closed alone
		n = appliedIn(tx, l)
		return nil
	})
	return n
}

func appliedIn(tx *bbolt.Tx, l Log) uint64 {
	b := tx.Bucket([]byte(bucketApplied))
	if b == nil {
		return 0
	}
	value := b.Get(l.key())
	if len(value) < 8 || string(value[8:]) != l.Epoch {
		return 0
	}
	return numberOf(value[:8])
}

// unapply forgets how far logs of the streams were taken over.
func unapply(tx *bbolt.Tx, streams []string) error {
	b := tx.Bucket([]byte(bucketApplied))
	if b == nil {
		return nil
	}
	var gone [][]byte
	_ = b.ForEach(func(key, _ []byte) error { // the visit never fails
		if _, stream, _ := strings.Cut(string(key), "\x00"); slices.Contains(streams, stream) {
			gone = append(gone, clone(key))
		}
		return nil
	})
	for _, key := range gone {
		if err := b.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) setApplied(l Log, n uint64) error {
	b, err := t.bucket(bucketApplied)
	if err != nil {
		return err
	}
	return b.Put(l.key(), append(number(n), l.Epoch...))
}

// ErrGap says that entries are missing between those that were taken over and these. It holds the number from which on
// they are wanted.
type ErrGap struct{ Applied uint64 }

// Error says so.
func (e *ErrGap) Error() string { return "entries of the log are missing" }

// Apply takes over entries of another Region's log, which must be the next ones; those that it has already are passed
// over. It returns those that were news.
func (s *Store) Apply(keys Keys, l Log, entries []Entry) ([]Entry, error) {
	var fresh []Entry
	err := s.change(&Tx{keys: keys}, func(t *Tx) error {
		have := appliedIn(t.tx, l)
		for _, e := range entries {
			switch {
			case e.Number <= have:
				continue
			case e.Number != have+1:
				return &ErrGap{have}
			}
			if err := t.take(l, &e); err != nil {
				return err
			}
			have = e.Number
			fresh = append(fresh, e)
		}
		return t.setApplied(l, have)
	})
	return fresh, err
}

// ApplySnapshot takes over all that a Region has of a stream, up to a number of its log. What it doesn't hold is
// removed. The entries returned are those and the removals.
func (s *Store) ApplySnapshot(keys Keys, l Log, upTo uint64, entries []Entry) ([]Entry, error) {
	var fresh []Entry
	err := s.change(&Tx{keys: keys}, func(t *Tx) error {
		held := map[[2]string]bool{}
		for _, e := range entries {
			held[[2]string{e.Kind, e.ID}] = true
		}
		for _, k := range s.kinds {
			if k.Stream != l.Stream {
				continue
			}
			var gone []string
			err := t.each(k.Name, "", func(id string, r *record) (bool, error) {
				if r.Origin == l.Origin && !held[[2]string{k.Name, id}] {
					gone = append(gone, id)
				}
				return true, nil
			})
			if err != nil {
				return err
			}
			for _, id := range gone {
				fresh = append(fresh, Entry{Kind: k.Name, ID: id})
			}
		}
		fresh = append(fresh, entries...)
		for i := range fresh {
			if err := t.take(l, &fresh[i]); err != nil {
				return err
			}
		}
		return t.setApplied(l, upTo)
	})
	return fresh, err
}

var errForeign = errors.New("a record of another stream")

// change does something to the records in a transaction, all of it or nothing, and tells those who wait for changes.
func (s *Store) change(t *Tx, do func(*Tx) error) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		t.s, t.tx = s, tx
		return do(t)
	})
	if err == nil {
		s.tell()
	}
	return err
}

// take takes over one entry, and notes what was there before. A unique value that another record has here goes to the
// newcomer: its origin knows best.
func (t *Tx) take(l Log, e *Entry) (err error) {
	if t.s.kinds[e.Kind].Stream != l.Stream {
		return errForeign
	}
	if e.Deleted() {
		e.Before, err = t.drop(e.Kind, e.ID)
		return err
	}
	r := &record{Origin: l.Origin, Value: e.Value, Indexes: e.Indexes}
	var taken *ErrTaken
	for e.Before, err = t.write(e.Kind, e.ID, r); errors.As(err, &taken); e.Before, err = t.write(e.Kind, e.ID, r) {
		if err := t.Drop(taken.Kind, taken.By); err != nil {
			return err
		}
	}
	return err
}
