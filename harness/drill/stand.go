package drill

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// Stand does something that is no drill and whose changes may outlive this process, such as keeping a lab over an
// endpoint: their intents are in a folder of its own, a keeper watches, and recover knows of it. All is undone when do
// has returned, and the folder goes with that. The ctx of do ends when the keeper has taken its changes back too. The
// error wraps engine.ErrUndo where something is left; then the folder stays.
func (r *Runner) Stand(
	ctx context.Context, dir string, source []byte, do func(context.Context, *rollback.Stack) error,
) error {
	folder, err := history.CreateFolder(dir, source)
	if err != nil {
		return err
	}
	open, err := r.Runs.enlist(dir)
	if err != nil {
		r.tell("%s is not listed among the open runs (%v); should this be killed, recover it by its folder", dir, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopFile(ctx, folder.Path, cancel)
	keeper, err := r.NewKeeper(folder.Path, cancel)
	if err != nil {
		open.Remove()
		return errors.Join(err, folder.Close())
	}
	back := &rollback.Stack{Journal: folder.Undo, Keeper: keeper}
	err = do(ctx, back)
	undone := errors.Join(back.Unwind(ctx), keeper.Settled())
	keeper.Part()
	if closing := folder.Close(); closing != nil {
		err = errors.Join(err, fmt.Errorf("closing the journal: %w", closing))
	}
	if pending, unread := pendingIn(dir); len(pending) > 0 || unread != nil {
		open.Keep()
		return errors.Join(err, engine.ErrUndo, undone, unread)
	}
	if undone != nil { // by the keeper, and not here
		r.tell("%v", undone)
	}
	open.Remove()
	return errors.Join(err, os.RemoveAll(dir))
}
