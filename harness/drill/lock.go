package drill

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// lockName is the file in a run's folder whose lock is held by whoever may undo: the run while it lives, then its
// keeper or a recover. The system takes it back when its holder ends. It is not the journal itself, because on Windows
// a locked file can't be read by others.
const lockName = "undo.lock"

const lockLook = 20 * time.Millisecond // between looks whether it is free

// errHeld is why nothing may be undone here now.
var errHeld = errors.New("it lives, or somebody else is undoing it")

// undoLock is the lock, held.
type undoLock struct {
	*flock.Flock
	folder string
}

// lockUndo takes the lock, and waits for it if somebody else has it.
func lockUndo(folder string, patience time.Duration) (*undoLock, error) {
	lock := flock.New(filepath.Join(folder, lockName), flock.SetPermissions(0o600))
	for until := time.Now().Add(patience); ; time.Sleep(lockLook) {
		held, err := lock.TryLock()
		switch {
		case held:
			return &undoLock{lock, folder}, nil
		case err != nil:
			return nil, fmt.Errorf("locking the undos: %w", err)
		case !time.Now().Before(until):
			return nil, errors.Join(errHeld, lock.Close())
		}
	}
}

// release gives it back. The file goes where nothing is left to undo, so that nobody has to be kept from undoing it.
func (l *undoLock) release() {
	pending, err := pendingIn(l.folder)
	if err == nil && len(pending) == 0 {
		defer os.Remove(l.Path()) //nolint:errcheck // an empty file
	}
	_ = l.Close() // the system does it at the latest when this process ends
}

// pendingIn are the intents of a folder that were not undone.
func pendingIn(folder string) ([]rollback.Intent, error) {
	journal, err := os.Open(filepath.Join(folder, history.UndoFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading the undos: %w: %w", ErrGone, err)
	case err != nil:
		return nil, fmt.Errorf("reading the undos: %w", err)
	}
	defer journal.Close()
	return rollback.Pending(journal)
}

// goingOn is the file in the folder around several drills whose lock is held while they are run.
const goingOn = "going-on.lock"

// GoOn makes the folder around several drills, and says that they go on until end is called.
func GoOn(folder string) (end func(), err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(folder, goingOn), flock.SetPermissions(0o600))
	if held, err := lock.TryLock(); err != nil || !held {
		return nil, errors.Join(fmt.Errorf("locking %s: somebody else runs drills there", folder), err, lock.Close())
	}
	return func() {
		defer os.Remove(lock.Path()) //nolint:errcheck // an empty file
		_ = lock.Close()             // the system does it at the latest when this process ends
	}, nil
}

// GoesOn tells whether drills are run in a folder around several.
func GoesOn(folder string) bool {
	path := filepath.Join(folder, goingOn)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	lock := flock.New(path)
	defer lock.Close() //nolint:errcheck // it was only asked for
	free, err := lock.TryLock()
	return err == nil && !free
}
