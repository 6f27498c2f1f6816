// Package drill runs a plan from beginning to end: it makes the run's folder, lists the run among the open ones, runs
// it, and concludes it into the files that people read. A command line, a Go test, a simulation or a console does it in
// one call; what they add is who watches.
package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/heartbeat"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Runner is what drills are run with.
type Runner struct {
	Catalog  catalog.Catalog
	Runs     Runs                  // where open runs are listed; its zero value lists none
	Sinks    []history.Sink        // told of every event, beside the file
	Standing func(*harness.System) // told of the system when it stands
	// Keeper is the command of a process that takes back what outlives the run when the run can't, without the run's
	// folder, which is added to it; empty: nobody does.
	Keeper   []string
	Lease    time.Duration // for which a run may stand still; 0: KeeperLease
	Rehearse bool          // what comes before and around the drill, and not the drill
	Timeless bool          // no watch over the machine: in virtual time nothing is late
	// Begun is called when the run has its folder, before anything else is done; nil: nobody is told.
	Begun func()
	// Tell is given what is worth knowing and no error; nil: nobody is.
	Tell func(sentence string)
}

// NotBegun says why a drill was not begun: its folder can't be made, or this machine lacks something. Nothing of it is
// left, the folder included.
type NotBegun struct{ Err error }

// Error is the cause's.
func (e *NotBegun) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *NotBegun) Unwrap() error { return e.Err }

// Run runs a plan of the default catalog in a folder that must not hold anything yet, and concludes it. The verdict is
// nil where nothing was recorded. The error is a *NotBegun, the harness's own failure, or wraps engine.ErrUndo; that an
// objective was missed is in the verdict alone. A ctx that ends heals and concludes.
func Run(ctx context.Context, plan *engine.Plan, folder string) (*verdict.Verdict, error) {
	r := &Runner{Catalog: catalog.Default(), Runs: UserRuns(os.Getenv)}
	err := r.Record(ctx, plan, folder)
	if _, not := errors.AsType[*NotBegun](err); not {
		return nil, err
	}
	concluded, failed := r.Conclude(folder)
	if concluded == nil {
		return nil, errors.Join(err, failed)
	}
	return concluded.Verdict, errors.Join(err, failed)
}

// Record runs a plan and writes down what happens. When it returns, the history is closed. Its errors are those of Run.
func (r *Runner) Record(ctx context.Context, plan *engine.Plan, dir string) error {
	folder, err := history.CreateFolder(dir, plan.Source)
	if err != nil {
		return &NotBegun{err}
	}
	if r.Begun != nil {
		r.Begun()
	}
	open, err := r.Runs.enlist(dir)
	if err != nil {
		r.tell("this run is not listed among the open ones (%v); should it be killed, recover it by its folder", err)
	}
	err = r.record(ctx, plan, folder)
	lack, lacks := errors.AsType[*harness.Lack](err)
	switch {
	case errors.Is(err, engine.ErrUndo):
		open.Keep()
	case lacks: // all that was begun is undone, so that its folder has nothing to tell
		open.Remove()
		return &NotBegun{errors.Join(lack, os.RemoveAll(dir))}
	default:
		open.Remove()
	}
	return err
}

func (r *Runner) tell(format string, args ...any) {
	if r.Tell != nil {
		r.Tell(fmt.Sprintf(format, args...))
	}
}

func (r *Runner) record(ctx context.Context, plan *engine.Plan, folder *history.Folder) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopFile(ctx, folder.Path, cancel)
	opts := engine.RunOptions{Folder: folder, Standing: r.Standing, Rehearse: r.Rehearse, Tell: r.Tell,
		Sink: append(history.Sinks{history.NewWriter(folder.History)}, r.Sinks...)}
	if !r.Timeless {
		opts.Heartbeat = heartbeat.Start
	}
	keeper, err := r.NewKeeper(folder.Path, cancel)
	if err != nil {
		return errors.Join(err, folder.Close())
	}
	opts.Keeper = keeper
	err = plan.Run(ctx, opts)
	keeper.Part()
	if closing := folder.Close(); closing != nil {
		err = errors.Join(err, fmt.Errorf("closing the history: %w", closing))
	}
	return err
}

const stopFileLook = 200 * time.Millisecond // between looks for the file

// stopFile stops a drill when a file named stop appears in its folder, until ctx ends.
func stopFile(ctx context.Context, dir string, cancel context.CancelCauseFunc) {
	go func() {
		ticker := time.NewTicker(stopFileLook)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if _, err := os.Lstat(filepath.Join(dir, history.StopFile)); err == nil {
					cancel(engine.Stop{Reason: history.Interrupted, Detail: "a file named stop in the run's folder"})
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
}

// Load concludes a run from its folder alone and writes nothing.
func (r *Runner) Load(dir string) (*report.Report, error) {
	h, v, err := analysis.Load(dir, r.Catalog.Checks)
	if err != nil {
		return nil, fmt.Errorf("concluding %s: %w", dir, err)
	}
	return &report.Report{Verdict: v, History: h, Folder: os.DirFS(dir), Dir: dir}, nil
}

// Conclude turns what a drill recorded into the files of every exporter. The report is there also beside an error,
// where only a file could not be written; it then names no folder, as there may be no page to point at.
func (r *Runner) Conclude(dir string) (*report.Report, error) {
	concluded, err := r.Load(dir)
	if err != nil {
		return nil, err
	}
	if err = r.Export(dir, []*report.Report{concluded}); err != nil {
		concluded.Dir = ""
	}
	return concluded, err
}
