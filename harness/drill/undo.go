package drill

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// ErrGone is wrapped by the error of Undo where the run's folder is gone, so that there is nothing to go by.
var ErrGone = errors.New("its folder is gone")

// undoLimit is how long one undo may take.
const undoLimit = 30 * time.Second

// Undo takes back what a killed run left undone, by its folder alone, the last change first, and tells how many there
// were. One that fails keeps no other from being tried.
func (r *Runner) Undo(ctx context.Context, folder string) (int, error) {
	journal, err := os.OpenFile(filepath.Join(folder, history.UndoFile), os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("reading the undos: %w: %w", ErrGone, err)
	}
	if err != nil {
		return 0, fmt.Errorf("reading the undos: %w", err)
	}
	defer journal.Close()
	pending, err := rollback.Pending(journal)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, intent := range pending {
		err := r.undo(ctx, intent)
		if err == nil {
			err = rollback.Done(journal, intent)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("undoing %s: %w", intent.Kind, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return len(pending), fmt.Errorf("recovering %s: %w", folder, err)
	}
	return len(pending), nil
}

func (r *Runner) undo(ctx context.Context, intent rollback.Intent) error {
	undoer := r.Catalog.Undoers[intent.Kind]
	if undoer == nil {
		return errors.New("this version doesn't know how")
	}
	ctx, cancel := context.WithTimeout(ctx, undoLimit)
	defer cancel()
	return undoer(rollback.Telling(ctx, func(said string) { r.tell("%s", said) }), intent.Args)
}
