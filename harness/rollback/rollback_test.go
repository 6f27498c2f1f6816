package rollback

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func journal(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "undo.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestLastInFirstOutOnce(t *testing.T) {
	var order []string
	s := &Stack{}
	push := func(name string, err error) Undo {
		undo, pushed := s.Push(Intent{}, func(context.Context) error { order = append(order, name); return err })
		if pushed != nil {
			t.Fatal(pushed)
		}
		return undo
	}
	push("first", nil)
	push("second", errors.New("it is stuck"))
	third := push("third", nil)
	push("panics", nil)
	if _, err := s.Push(Intent{}, func(context.Context) error { panic("a bug") }); err != nil {
		t.Fatal(err)
	}
	if err := third(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a run that was stopped is undone all the same
	err := s.Unwind(ctx)
	if err == nil || !strings.Contains(err.Error(), "it is stuck") || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("error %v", err)
	}
	if want := []string{"third", "panics", "second", "first"}; !slices.Equal(order, want) {
		t.Errorf("undone %v, want %v", order, want)
	}
	if err := s.Unwind(ctx); err != nil {
		t.Errorf("the second time: %v", err)
	}
}

func TestEachUndoHasItsOwnLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Stack{Limit: time.Second}
		ran := false
		if _, err := s.Push(Intent{}, func(context.Context) error { ran = true; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Push(Intent{}, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := s.Unwind(t.Context()); !errors.Is(err, context.DeadlineExceeded) || !ran || time.Since(began) != time.Second {
			t.Errorf("error %v after %v, the other ran: %v", err, time.Since(began), ran)
		}
	})
}

// TestUnresponsiveUndoKeepsNoOtherFromRunning: one that hangs whatever its context says is told of and left to itself.
func TestUnresponsiveUndoKeepsNoOtherFromRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Stack{Limit: time.Second}
		ran, release := false, make(chan struct{})
		defer close(release)
		if _, err := s.Push(Intent{}, func(context.Context) error { ran = true; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Push(Intent{}, func(context.Context) error { <-release; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := s.Unwind(t.Context()); err == nil || !strings.Contains(err.Error(), "did not return") || !ran {
			t.Errorf("error %v, the other ran: %v", err, ran)
		}
	})
}

func TestJournal(t *testing.T) {
	f := journal(t)
	s := &Stack{Journal: f}
	var undos []Undo
	for _, kind := range []string{"container", "network", "", "image"} {
		undo, err := s.Push(Intent{Kind: kind, Args: json.RawMessage(`{"id":1}`)}, func(context.Context) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		undos = append(undos, undo)
	}
	if err := undos[1](t.Context()); err != nil {
		t.Fatal(err)
	}
	kinds := func(text string) string {
		pending, err := Pending(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, i := range pending {
			names = append(names, i.Kind)
		}
		return strings.Join(names, " ")
	}
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if got := kinds(string(text)); got != "image container" { // what dies with the process is not there
		t.Errorf("pending %q", got)
	}
	if got := kinds(string(text) + `{"id":9,"intent":{"kind":"vol`); got != "image container" { // torn: its change was never made
		t.Errorf("pending with a torn line %q", got)
	}
	if err := s.Unwind(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(f.Name()); err != nil || kinds(string(text)) != "" {
		t.Errorf("pending after all was undone: %q, %v", text, err)
	}
}

// tightDisk has room for so many bytes, and writes as much as fits.
type tightDisk struct {
	strings.Builder
	room int
}

func (d *tightDisk) Write(b []byte) (int, error) {
	fits := min(len(b), d.room)
	d.room -= fits
	n, _ := d.Builder.Write(b[:fits])
	if n < len(b) {
		return n, errors.New("no space left on device")
	}
	return n, nil
}

func (*tightDisk) Sync() error { return nil }

// TestTornInTheMiddle: where a full disk tears a line and there is room again later, what was written before and after
// it can be read.
func TestTornInTheMiddle(t *testing.T) {
	disk := &tightDisk{room: 110}
	s := &Stack{Journal: disk}
	push := func(kind string) (Undo, error) {
		return s.Push(Intent{Kind: kind}, func(context.Context) error { return nil })
	}
	undo, err := push("network")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := push("container"); err != nil {
		t.Fatal(err)
	}
	if _, err := push("a kind with a name that is longer than what is left of the disk"); err == nil {
		t.Fatal("it fit")
	}
	disk.room = 1000
	if err := undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	pending, err := Pending(strings.NewReader(disk.String()))
	if err != nil || len(pending) != 1 || pending[0].Kind != "container" {
		t.Errorf("pending %v, %v, in\n%s", pending, err, disk.String())
	}
	if _, err := Pending(strings.NewReader("no journal\n")); err == nil {
		t.Error("what is no journal was read as one in which all is undone")
	}
}

type brokenJournal struct{}

func (brokenJournal) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
func (brokenJournal) Sync() error               { return nil }

func TestNoDeedWithoutItsIntent(t *testing.T) {
	s := &Stack{Journal: brokenJournal{}}
	if _, err := s.Push(Intent{Kind: "network"}, func(context.Context) error { return nil }); err == nil {
		t.Error("an intent that can't be written was accepted")
	}
	if _, err := s.Push(Intent{}, func(context.Context) error { return nil }); err != nil {
		t.Errorf("what dies with the process needs no journal: %v", err)
	}
}

func FuzzPending(f *testing.F) {
	f.Add(`{"id":1,"intent":{"kind":"a"}}` + "\n" + `{"id":1,"done":true}` + "\n")
	f.Fuzz(func(t *testing.T, text string) { _, _ = Pending(strings.NewReader(text)) })
}

// keeper takes everything once it is told to.
type keeper struct {
	watched int
	taken   error
}

func (k *keeper) Watch() error   { k.watched++; return k.taken }
func (k *keeper) Taken() error   { return k.taken }
func (k *keeper) Settled() error { return k.taken }

// TestWhatTheKeeperHasTakenIsItsOwn: it watches from the first intent on, and what it has taken is neither undone again
// nor added to.
func TestWhatTheKeeperHasTakenIsItsOwn(t *testing.T) {
	k := &keeper{}
	s := &Stack{Journal: journal(t), Keeper: k}
	var ran []string
	push := func(kind, name string) (Undo, error) {
		return s.Push(Intent{Kind: kind}, func(context.Context) error { ran = append(ran, name); return nil })
	}
	if _, err := push("", "rule"); err != nil || k.watched > 0 {
		t.Fatalf("%v; it watches over what dies with the process: %d", err, k.watched)
	}
	undo, err := push("key", "key")
	if err != nil || k.watched != 1 {
		t.Fatalf("%v; watched %d", err, k.watched)
	}
	k.taken = errors.New("taken back by the keeper")
	if _, err := push("key", "another"); !errors.Is(err, k.taken) {
		t.Errorf("a change after that: %v", err)
	}
	if _, err := push("", "another rule"); err != nil {
		t.Errorf("a change that dies with the process: %v", err)
	}
	if err := undo(t.Context()); !errors.Is(err, k.taken) {
		t.Errorf("undone by hand: %v", err)
	}
	if err := s.Unwind(t.Context()); err != nil || !slices.Equal(ran, []string{"another rule", "rule"}) {
		t.Errorf("undone: %v, %v", ran, err)
	}
}

func TestAnUndoMayFindNothing(t *testing.T) {
	Nothing(t.Context())
	ctx, nothing := Found(t.Context())
	if nothing() {
		t.Error("it found nothing before it looked")
	}
	if Nothing(ctx); !nothing() {
		t.Error("it said that it found nothing")
	}
}

// What could not be undone by hand is tried once more at the end, and what was undone isn't. The line that says so is
// written when it is.
func TestUnwindTriesAgain(t *testing.T) {
	j := journal(t)
	left := func() int {
		t.Helper()
		written, err := os.Open(j.Name())
		if err != nil {
			t.Fatal(err)
		}
		defer written.Close()
		pending, err := Pending(written)
		if err != nil {
			t.Fatal(err)
		}
		return len(pending)
	}
	s, tried := &Stack{Journal: j}, 0
	fails := errors.New("not now")
	undo, err := s.Push(Intent{Kind: "it"}, func(context.Context) error {
		if tried++; tried == 1 {
			return fails
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it tells what came of it
		if err := undo(t.Context()); !errors.Is(err, fails) || tried != 1 {
			t.Errorf("tried %d times: %v", tried, err)
		}
	}
	if n := left(); n != 1 {
		t.Errorf("%d are left", n)
	}
	if err := s.Unwind(t.Context()); err != nil || tried != 2 {
		t.Errorf("tried %d times: %v", tried, err)
	}
	if n := left(); n != 0 {
		t.Errorf("%d are left", n)
	}
	if err := undo(t.Context()); err != nil || tried != 2 {
		t.Errorf("tried %d times: %v", tried, err)
	}
}
