package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const east, west = "us-east-1", "eu-west-1"

type user struct{ Name, Mail string }

func kinds() []Kind {
	return []Kind{{"user", "identities", "store"}, {"group", "identities", "store"}, {"session", "sessions", "center"}, {"token", "", "center"}}
}

func keysOf(seed byte) Keys {
	return Keys{"store": bytes.Repeat([]byte{seed}, 32), "center": bytes.Repeat([]byte{seed + 100}, 32)}
}

func opened(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path, kinds())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func putUser(t *testing.T, s *Store, id, name string) {
	t.Helper()
	updated(t, s, func(tx *Tx) error {
		return tx.Put("user", id, user{name, name + "@acme.test"}, Index{"name", name, true}, Index{Name: "team", Value: "a team"})
	})
}

// updated changes records as east.
func updated(t *testing.T, s *Store, do func(*Tx) error) {
	t.Helper()
	if err := s.Update(keysOf(1), east, do); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, s *Store, keys Keys) []string {
	t.Helper()
	var found []string
	err := s.View(keys, func(tx *Tx) error {
		return tx.Each("user", "", func(id string, _ json.RawMessage) (bool, error) {
			var u user
			_, err := tx.Get("user", id, &u)
			found = append(found, u.Name)
			return true, err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNothingIsLostByAKill: what was written is there for whoever opens the file while it was never closed properly,
// and nobody reads it there without the key.
func TestNothingIsLostByAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "region.records")
	s := opened(t, path)
	putUser(t, s, "u1", "ann-of-acme")
	if err := s.PutPlain("key", []byte("as KMS sealed it")); err != nil {
		t.Fatal(err)
	}
	raw := must[[]byte](t)(os.ReadFile(path)) // what another process would find
	for _, secret := range []string{"ann-of-acme", "@acme.test", "a team"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q lies open in the file", secret)
		}
	}
	copied := filepath.Join(t.TempDir(), "copy.records")
	if err := os.WriteFile(copied, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	again := opened(t, copied)
	if got := names(t, again, keysOf(1)); !slices.Equal(got, []string{"ann-of-acme"}) || again.Head("identities") != 1 ||
		string(again.Plain("key")) != "as KMS sealed it" {
		t.Errorf("found again: %q, head %d", got, again.Head("identities"))
	}
	err := again.View(keysOf(2), func(tx *Tx) error { _, err := tx.Get("user", "u1", new(user)); return err })
	if !errors.Is(err, ErrKey) {
		t.Errorf("with another key: %v", err)
	}
	if err := again.Update(nil, east, func(tx *Tx) error { return tx.Put("user", "u2", user{}) }); !errors.Is(err, ErrKey) {
		t.Errorf("without a key: %v", err)
	}
}

// TestATemporaryFileGoes with its Store.
func TestATemporaryFileGoes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := must[*Store](t)(Open("", kinds()))
	putUser(t, s, "u1", "ann")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left := must[[]os.DirEntry](t)(os.ReadDir(os.TempDir())); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestUniqueValues(t *testing.T) {
	s := opened(t, "")
	putUser(t, s, "u1", "ann")
	err := s.Update(keysOf(1), east, func(tx *Tx) error { return tx.Put("user", "u2", user{}, Index{"name", "ann", true}) })
	var taken *ErrTaken
	if !errors.As(err, &taken) || taken.By != "u1" || taken.Index != "name" {
		t.Fatalf("a second ann: %v", err)
	}
	putUser(t, s, "u1", "anna") // frees the old name
	putUser(t, s, "u2", "ann")
	err = s.View(keysOf(1), func(tx *Tx) error {
		for name, want := range map[string]string{"ann": "u2", "anna": "u1", "nobody": ""} {
			if id, err := tx.Find("user", "name", name); id != want || err != nil {
				t.Errorf("%s is %q, %v; want %q", name, id, err, want)
			}
		}
		var team []string
		err := tx.EachOf("user", "team", "a team", "u1", func(id string, _ json.RawMessage) (bool, error) {
			team = append(team, id)
			return true, nil
		})
		if !slices.Equal(team, []string{"u2"}) {
			t.Errorf("the team after u1: %q", team)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestALogIsFollowedInOrder: another Region has under its own key what the first one has, entry by entry, and says
// where it stands when one is missing.
func TestALogIsFollowedInOrder(t *testing.T) {
	from, to := opened(t, ""), opened(t, "")
	log := Log{east, "identities", "first"}
	putUser(t, from, "u1", "ann")
	putUser(t, from, "u2", "bob")
	updated(t, from, func(tx *Tx) error {
		return errors.Join(tx.Delete("user", "u1"), tx.Put("token", "t", "stays here"))
	})
	putUser(t, from, "u3", "ann")
	entries := must[[]Entry](t)(from.After(keysOf(1), "identities", 0, 100))
	if len(entries) != 4 || from.Head("identities") != 4 {
		t.Fatalf("%d entries, head %d", len(entries), from.Head("identities"))
	}
	var gap *ErrGap
	if _, err := to.Apply(keysOf(2), log, entries[1:]); !errors.As(err, &gap) || gap.Applied != 0 {
		t.Fatalf("a gap: %v", err)
	}
	if fresh := must[[]Entry](t)(to.Apply(keysOf(2), log, entries[:2])); len(fresh) != 2 || !slices.Equal(names(t, to, keysOf(2)), []string{"ann", "bob"}) {
		t.Errorf("two entries: %v, %q", fresh, names(t, to, keysOf(2)))
	}
	fresh := must[[]Entry](t)(to.Apply(keysOf(2), log, entries))
	if got := names(t, to, keysOf(2)); len(fresh) != 2 || to.Applied(log) != 4 || !slices.Equal(got, []string{"bob", "ann"}) {
		t.Errorf("all: %d fresh, applied %d, %q", len(fresh), to.Applied(log), got)
	}
	if n := to.Applied(Log{east, "identities", "second"}); n != 0 {
		t.Errorf("of a log that began anew %d were taken over", n)
	}
	if _, err := to.Apply(keysOf(2), Log{east, "sessions", "first"}, []Entry{{Number: 1, Kind: "user", ID: "u9"}}); !errors.Is(err, errForeign) {
		t.Errorf("a user by the stream of sessions: %v", err)
	}
}

// TestWhoIsTooFarBehindGetsASnapshot, after which they have what the origin has and follow its log again, and keep what
// others sent.
func TestWhoIsTooFarBehindGetsASnapshot(t *testing.T) {
	from, to := opened(t, ""), opened(t, "")
	log := Log{east, "identities", "first"}
	for i := range 5 {
		putUser(t, from, fmt.Sprint("u", i), fmt.Sprint("user", i))
	}
	must[[]Entry](t)(to.Apply(keysOf(2), log, must[[]Entry](t)(from.After(keysOf(1), "identities", 0, 2))))
	must[[]Entry](t)(to.Apply(keysOf(2), Log{west, "identities", "w"}, []Entry{{Number: 1, Kind: "user", ID: "w1", Value: json.RawMessage(`{"Name":"west"}`)}}))
	updated(t, from, func(tx *Tx) error { return tx.Delete("user", "u0") })
	if err := from.Trim("identities", 4); err != nil {
		t.Fatal(err)
	}
	if _, err := from.After(keysOf(1), "identities", 2, 10); !errors.Is(err, ErrBehind) {
		t.Fatalf("a trimmed log: %v", err)
	}
	entries, upTo, err := from.Snapshot(keysOf(1), "identities", east)
	if err != nil || upTo != 6 || len(entries) != 4 {
		t.Fatalf("%d entries up to %d: %v", len(entries), upTo, err)
	}
	must[[]Entry](t)(to.ApplySnapshot(keysOf(2), log, upTo, entries))
	if got := names(t, to, keysOf(2)); !slices.Equal(got, []string{"user1", "user2", "user3", "user4", "west"}) {
		t.Errorf("after the snapshot: %q", got)
	}
	putUser(t, from, "u9", "user9")
	must[[]Entry](t)(to.Apply(keysOf(2), log, must[[]Entry](t)(from.After(keysOf(1), "identities", to.Applied(log), 10))))
	if got := names(t, to, keysOf(2)); !slices.Contains(got, "user9") {
		t.Errorf("after it: %q", got)
	}
}

// TestAChangeIsWhole: what fails leaves nothing, neither record nor entry.
func TestAChangeIsWhole(t *testing.T) {
	s := opened(t, "")
	woken := s.Changed()
	err := s.Update(keysOf(1), east, func(tx *Tx) error {
		return errors.Join(tx.Put("user", "u1", user{}), errors.New("no"))
	})
	if err == nil || len(names(t, s, keysOf(1))) != 0 || s.Head("identities") != 0 {
		t.Errorf("%v, %q, head %d", err, names(t, s, keysOf(1)), s.Head("identities"))
	}
	select {
	case <-woken:
		t.Error("somebody was woken for nothing")
	default:
	}
	putUser(t, s, "u1", "ann")
	<-woken
}

// TestWhatWasThereBefore is told with each change, where it was made and where it arrives.
func TestWhatWasThereBefore(t *testing.T) {
	from, to := opened(t, ""), opened(t, "")
	var written []Entry
	updated(t, from, func(tx *Tx) error {
		err := errors.Join(tx.Put("user", "u1", "ann"), tx.Put("user", "u1", "anna"), tx.Delete("user", "u1"), tx.Put("user", "u1", "ann"))
		written = tx.Written()
		return err
	})
	log := Log{east, "identities", "first"}
	taken := must[[]Entry](t)(to.Apply(keysOf(2), log, must[[]Entry](t)(from.After(keysOf(1), "identities", 0, 100))))
	for name, entries := range map[string][]Entry{"written": written, "taken over": taken} {
		var before []string
		for _, e := range entries {
			before = append(before, string(e.Before))
		}
		if !slices.Equal(before, []string{"", `"ann"`, `"anna"`, ""}) {
			t.Errorf("%s over %q", name, before)
		}
	}
	all := must[[]Entry](t)(to.ApplySnapshot(keysOf(2), log, 9, []Entry{{Kind: "user", ID: "u2", Value: []byte(`"bob"`)}}))
	if len(all) != 2 || string(all[0].Before) != `"ann"` || all[1].Before != nil {
		t.Errorf("a snapshot over %+v", all)
	}
}
