// Package rollback is the way back: a stack of undos, last in, first out. The intent of an undo that outlives this
// process is written to undo.jsonl and fsynced before the change is made, so that another process can take it back.
package rollback

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Undo takes back one change. It runs at most once, is idempotent, and leaves alone what isn't its own.
type Undo func(context.Context) error

// Intent is all that another process needs to take a change back. The zero Intent is of a change that dies with this
// process; it is not written.
type Intent struct {
	Kind string          `json:"kind"`
	Args json.RawMessage `json:"args,omitempty"`

	id int64 // in the journal that Pending read it from
}

// Same tells whether two intents are of the same change of a run.
func (i Intent) Same(other Intent) bool { return i.id == other.id }

// Undoers take changes back by the kind of their intent, from Args alone.
type Undoers map[string]func(context.Context, json.RawMessage) error

// told is the key of who hears what undos tell.
type told struct{}

// idle is the key of what hears that an undo found nothing to do.
type idle struct{}

// Found is a ctx in which an undo can say that it found nothing to do, and what tells whether it did. Whoever listens
// in an outer ctx hears it too.
func Found(ctx context.Context) (_ context.Context, nothing func() bool) {
	var said atomic.Bool
	outer, heard := ctx.Value(idle{}).(func())
	return context.WithValue(ctx, idle{}, func() {
		if said.Store(true); heard {
			outer()
		}
	}), said.Load
}

// Nothing says that all was as it had been before the change, so that nothing was taken back. Nobody need hear it.
func Nothing(ctx context.Context) {
	if say, ok := ctx.Value(idle{}).(func()); ok {
		say()
	}
}

// Telling is a ctx in which undos are heard: tell is given each sentence that one of them has for people.
func Telling(ctx context.Context, tell func(sentence string)) context.Context {
	return context.WithValue(ctx, told{}, tell)
}

// Tell says what people should know of an undo beside its error: what can't be taken back at once, as a rule. Nobody
// need hear it.
func Tell(ctx context.Context, format string, args ...any) {
	if tell, ok := ctx.Value(told{}).(func(string)); ok {
		tell(fmt.Sprintf(format, args...))
	}
}

// Journal is where intents are written; an *os.File is one.
type Journal interface {
	io.Writer
	Sync() error
}

// Keeper watches over this process from another one, to take back what outlives it when it can't any more.
type Keeper interface {
	// Watch is called before each intent is written, and begins to watch with the first. On its error nothing is changed
	// any more.
	Watch() error
	// Taken is an error where this process stood still for so long that the keeper took back what outlives it. From then
	// on it is the keeper's, and not undone here again.
	Taken() error
	// Settled waits until the keeper is done, where it has taken something, and is an error like Taken. It wraps ErrLeft
	// where something could not be undone.
	Settled() error
}

// ErrLeft says that something could not be undone.
var ErrLeft = errors.New("something is left")

// Stack remembers how to take back what was done. Its zero value writes nothing and is ready to use.
type Stack struct {
	Journal Journal       // nil: nothing is written
	Keeper  Keeper        // nil: nobody watches
	Limit   time.Duration // of each undo; 0 means 30 seconds

	mu      sync.Mutex
	entries []*entry
	next    int64
	torn    bool // the last line was written in part, or may have been
}

// line is one line of the journal.
type line struct {
	ID     int64  `json:"id"`
	Done   bool   `json:"done,omitempty"` // a second line with the same id says that it was undone
	Intent Intent `json:"intent,omitzero"`
}

type entry struct {
	line
	undo Undo

	mu   sync.Mutex
	ran  bool
	hung bool // it has not returned, and is left to itself
	err  error
}

// Push remembers undo before the change is made. On its error don't make it. The Undo that it returns runs undo at
// most once, and marks it done. Unwind runs it if nobody did, and once more where it failed.
func (s *Stack) Push(i Intent, undo Undo) (Undo, error) {
	if i.Kind != "" && s.Keeper != nil {
		if err := s.Keeper.Watch(); err != nil {
			return nil, fmt.Errorf("writing the undo of %s: %w", i.Kind, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	e := &entry{line: line{ID: s.next, Intent: i}, undo: undo}
	if i.Kind != "" {
		if err := s.write(e.line); err != nil {
			return nil, fmt.Errorf("writing the undo of %s: %w", i.Kind, err)
		}
	}
	s.entries = append(s.entries, e)
	return func(ctx context.Context) error { return s.run(ctx, e, false) }, nil
}

// Unwind runs what was not undone yet, last to first, each under a limit of its own whatever became of ctx: what nobody
// has tried to undo, and what could not be when somebody did. What a keeper has taken is left to it.
func (s *Stack) Unwind(ctx context.Context) error {
	s.mu.Lock()
	entries := s.entries
	s.entries = nil
	s.mu.Unlock()
	var errs []error
	for i := len(entries) - 1; i >= 0; i-- {
		if e := entries[i]; s.taken(e) == nil {
			errs = append(errs, s.run(ctx, e, true))
		}
	}
	return errors.Join(errs...)
}

// taken is why an undo is not this process's any more.
func (s *Stack) taken(e *entry) error {
	if s.Keeper == nil || e.Intent.Kind == "" {
		return nil
	}
	return s.Keeper.Taken()
}

// run runs an undo, unless it has been: then it tells what came of it, and tries one that failed again if it is to.
func (s *Stack) run(ctx context.Context, e *entry, again bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ran && (e.err == nil || e.hung || !again) {
		return e.err
	}
	e.ran = true
	if e.err = s.taken(e); e.err != nil {
		return e.err
	}
	limit := s.Limit
	if limit == 0 {
		limit = 30 * time.Second
	}
	e.hung, e.err = limited(ctx, limit, e.undo)
	if e.err != nil || e.Intent.Kind == "" {
		return e.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e.err = s.write(line{ID: e.ID, Done: true})
	return e.err
}

// unresponsive is how long after its limit an undo may take to return before it is left to itself.
const unresponsive = 5 * time.Second

// limited runs an undo under its limit, whatever became of ctx. One that does not obey it, and hangs, keeps no other
// from running.
func limited(ctx context.Context, limit time.Duration, undo Undo) (hung bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- guard(ctx, undo) }()
	timer := time.NewTimer(limit + unresponsive)
	defer timer.Stop()
	select {
	case err := <-done:
		return false, err
	case <-timer.C:
		return true, fmt.Errorf("undoing: it did not return within %v of its limit of %v", unresponsive, limit)
	}
}

// guard keeps a panic in one undo from skipping the others.
func guard(ctx context.Context, undo Undo) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("undoing: panic: %v", p)
		}
	}()
	return undo(ctx)
}

// write appends one line. After one that was torn it begins anew, so that no two run into each other.
func (s *Stack) write(l line) error {
	if s.Journal == nil {
		return nil
	}
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if b = append(b, '\n'); s.torn {
		b = append([]byte("\n"), b...)
	}
	if _, err := s.Journal.Write(b); err != nil {
		s.torn = true
		return err
	}
	s.torn = false
	return s.Journal.Sync()
}

// Pending reads a journal and lists the intents that were not undone, last first. A torn line is an intent whose change
// was never made, or says that one was undone, which does no harm a second time; it is passed over.
func Pending(r io.Reader) ([]Intent, error) {
	var pending []line
	lines := bufio.NewReader(r)
	for {
		text, err := lines.ReadBytes('\n')
		var l line
		switch bad := json.NewDecoder(bytes.NewReader(bytes.TrimSuffix(text, []byte("\n")))).Decode(&l); {
		case errors.Is(bad, io.EOF), errors.Is(bad, io.ErrUnexpectedEOF):
		case bad != nil:
			return nil, fmt.Errorf("reading the undos: %w", bad)
		case l.Done:
			pending = slices.DeleteFunc(pending, func(p line) bool { return p.ID == l.ID })
		default:
			pending = append(pending, l)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the undos: %w", err)
		}
	}
	slices.Reverse(pending)
	intents := make([]Intent, len(pending))
	for i, p := range pending {
		intents[i] = p.Intent
		intents[i].id = p.ID
	}
	return intents, nil
}

// Done notes in the journal that Pending read that another process has undone what an intent stands for, so that nobody
// does it again.
func Done(journal Journal, i Intent) error {
	s := &Stack{Journal: journal, torn: true} // who was killed may have left half a line
	return s.write(line{ID: i.id, Done: true})
}
