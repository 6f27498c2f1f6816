package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// ErrGone is wrapped by the error of Undo where the run's folder is gone, so that there is nothing to go by.
var ErrGone = errors.New("its folder is gone")

const (
	undoLimit = 30 * time.Second // of one undo
	// arrival is how long what a run asked for last may be on its way after the run was killed. A change that arrives
	// after its undo would stay, so that nothing is undone sooner after the last intent was written.
	arrival = time.Second
)

// Undo takes back what a killed run left undone, by its folder alone, the last change first. It tells how many changes
// there were to take back: one that was never made, or that somebody else has taken back, does not count. One that
// fails keeps no other from being tried. Nobody else undoes the same run meanwhile.
func (r *Runner) Undo(ctx context.Context, folder string) (int, error) {
	if _, err := pendingIn(folder); err != nil {
		return 0, err // before a lock is made in a folder that isn't there
	}
	lock, err := lockUndo(folder, undoLimit)
	if err != nil {
		return 0, fmt.Errorf("recovering %s: %w", folder, err)
	}
	defer lock.release()
	if err := arrived(ctx, folder); err != nil {
		return 0, err
	}
	pending, err := pendingIn(folder)
	if err != nil {
		return 0, err
	}
	return r.undoAll(ctx, folder, pending)
}

// arrived waits until what the run asked for last has arrived where it was sent.
func arrived(ctx context.Context, folder string) error {
	journal, err := os.Stat(filepath.Join(folder, history.UndoFile))
	if err != nil || journal.Size() == 0 {
		return err
	}
	timer := time.NewTimer(min(arrival, arrival-time.Since(journal.ModTime())))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// undoAll undoes intents. One that fails is tried once more when the others are done: what it is about may have gone
// with them.
func (r *Runner) undoAll(ctx context.Context, folder string, pending []rollback.Intent) (undone int, err error) {
	journal, err := os.OpenFile(filepath.Join(folder, history.UndoFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return 0, fmt.Errorf("reading the undos: %w", err)
	}
	defer journal.Close()
	var errs []error
	for range 2 {
		var failed []rollback.Intent
		errs = nil
		for _, intent := range pending {
			did, err := r.undo(ctx, intent)
			if err == nil {
				err = rollback.Done(journal, intent)
			}
			if err != nil {
				errs, failed = append(errs, fmt.Errorf("undoing %s: %w", intent.Kind, err)), append(failed, intent)
			} else if did {
				undone++
			}
		}
		if pending = failed; len(pending) == 0 {
			return undone, nil
		}
	}
	return undone, fmt.Errorf("recovering %s: %w", folder, errors.Join(errs...))
}

// undo tells whether there was anything to undo.
func (r *Runner) undo(ctx context.Context, intent rollback.Intent) (did bool, err error) {
	undoer := r.Catalog.Undoers[intent.Kind]
	if undoer == nil {
		return false, errors.New("this version doesn't know how")
	}
	ctx, cancel := context.WithTimeout(ctx, undoLimit)
	defer cancel()
	ctx, nothing := rollback.Found(rollback.Telling(ctx, func(said string) { r.tell("%s", said) }))
	err = undoer(ctx, intent.Args)
	return err == nil && !nothing(), err
}
