package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

const (
	// KeeperLease is how long a run may stand still before its keeper takes back what outlives it. A machine under the
	// load of all our tests has stalled for two seconds, and taking a healthy run's changes back spoils it; a key that
	// stays disabled for ten seconds longer than was asked for harms nobody more than the drill meant to.
	KeeperLease = 10 * time.Second
	beatEvery   = 500 * time.Millisecond // several in a lease, so that one that is late takes nothing
	partLimit   = 10 * time.Second       // for a keeper to end after it was told to
)

// The bytes that a run sends to its keeper. That nothing comes any more, and no farewell came, is the run's death.
const (
	beat     = '.'
	farewell = 'q'
)

// Keeper is a run's side of its keeper: a rollback.Keeper. The process is started with the first change that outlives
// the run, and not before.
type Keeper struct {
	runner *Runner
	folder string
	cancel context.CancelCauseFunc // of the run

	mu     sync.Mutex
	begun  bool
	lock   *undoLock // nil: it could not be had
	pulse  *os.File  // nil: no process was started
	beaten time.Time // when the last beat was sent
	taken  *taken
	quit   chan struct{}
	gone   chan struct{} // closed when the process has ended
}

// taken is why a run may not undo any more.
type taken struct {
	still time.Duration
	left  bool
}

// Error says what happened, for people.
func (t *taken) Error() string {
	said := fmt.Sprintf("the run stood still for %.0f s, and its changes were taken back by its keeper", t.still.Seconds())
	if t.left {
		return said + ", but for what it tells of in " + history.KeeperFile
	}
	return said
}

// Unwrap is rollback.ErrLeft where the keeper could not undo everything.
func (t *taken) Unwrap() error {
	if t.left {
		return rollback.ErrLeft
	}
	return nil
}

// NewKeeper is the keeper of a run in a folder, for its Stack. It cancels the run when it has taken the run's changes
// back. Part with it when all is undone.
func (r *Runner) NewKeeper(folder string, cancel context.CancelCauseFunc) (*Keeper, error) {
	folder, err := filepath.Abs(folder)
	return &Keeper{runner: r, folder: folder, cancel: cancel, quit: make(chan struct{}), gone: make(chan struct{})}, err
}

// Watch starts the keeper, once. Where that isn't possible the run goes on: recover does the same by hand.
func (k *Keeper) Watch() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.begun {
		k.begun = true
		if err := k.begin(); err != nil {
			k.runner.tell("no keeper watches over this run (%v); should it be killed, undo what it left: "+
				"regiondrill recover %s", err, k.folder)
		}
	}
	return k.look()
}

// begin takes the lock of the journal, by which others know that the run lives, and starts the process.
func (k *Keeper) begin() (err error) {
	if k.lock, err = lockUndo(k.folder, 0); err != nil || len(k.runner.Keeper) == 0 {
		return err
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	// Neither the command line nor the pipe holds a secret: all that it needs is in the folder.
	cmd := exec.Command(k.runner.Keeper[0], append(k.runner.Keeper[1:len(k.runner.Keeper):len(k.runner.Keeper)],
		"--lease", k.runner.lease().String(), k.folder)...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.SysProcAttr = theirs, detached()
	if err := cmd.Start(); err != nil {
		return errors.Join(err, ours.Close())
	}
	k.pulse, k.beaten = ours, time.Now()
	go func() { _ = cmd.Wait(); close(k.gone) }() // what it did is in its file
	go k.beat()
	return nil
}

// lease is how long a run may stand still.
func (r *Runner) lease() time.Duration {
	if r.Lease > 0 {
		return r.Lease
	}
	return KeeperLease
}

// beat tells the keeper that the run lives, and looks whether it is the run's still, until quit.
func (k *Keeper) beat() {
	tick := time.NewTicker(min(beatEvery, k.runner.lease()/4))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-k.quit:
			return
		case <-k.gone:
			if k.Taken() != nil || k.parting() {
				return
			}
			k.runner.tell("the keeper of this run is gone; should the run be killed, undo what it left: "+
				"regiondrill recover %s", k.folder)
			return
		}
		k.mu.Lock()
		if taken := k.look(); taken != nil {
			k.mu.Unlock()
			k.cancel(engine.Stop{Reason: history.TakenBack, Detail: taken.Error()})
			return
		}
		_ = k.pulse.SetWriteDeadline(time.Now().Add(beatEvery)) // a keeper that reads nothing must hold nobody up
		_, _ = k.pulse.Write([]byte{beat})                      // that it is gone is told by gone
		k.beaten = time.Now()
		k.mu.Unlock()
	}
}

// parting tells whether the run has told its keeper to end.
func (k *Keeper) parting() bool {
	select {
	case <-k.quit:
		return true
	default:
		return false
	}
}

// Taken is an error once the keeper took back what outlives the run.
func (k *Keeper) Taken() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.look()
}

// look looks for the keeper's word that it took over. With mu held.
func (k *Keeper) look() error {
	if k.pulse == nil {
		return nil
	}
	if k.taken == nil {
		kept, err := history.ReadKept(k.folder)
		if err != nil {
			return err // who can't be asked may have taken it
		}
		for _, said := range kept {
			if said.Took {
				k.taken = &taken{still: max(time.Duration(said.Still*float64(time.Second)), time.Since(k.beaten))}
			}
		}
	}
	if k.taken == nil { // no *taken that is nil in an error
		return nil
	}
	return k.taken
}

// Settled waits until a keeper that took over has tried to undo everything, and is Taken otherwise.
func (k *Keeper) Settled() error {
	tick := time.NewTicker(beatEvery / 10)
	defer tick.Stop()
	limit := time.After(undoLimit)
	for k.Taken() != nil {
		kept, _ := history.ReadKept(k.folder) // Taken tells the error
		for _, said := range kept {
			if said.Over {
				return k.settle(said.Failed)
			}
		}
		select {
		case <-tick.C:
		case <-k.gone:
			return k.settle(true)
		case <-limit:
			return k.settle(true)
		}
	}
	return nil
}

func (k *Keeper) settle(left bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.taken != nil {
		k.taken.left = left
	}
	return k.look()
}

// Part ends the keeper: the run has undone what it could, and told of the rest.
func (k *Keeper) Part() {
	close(k.quit) // first, or beat would tell of a keeper that has gone
	k.mu.Lock()
	pulse := k.pulse
	if pulse != nil {
		_ = pulse.SetWriteDeadline(time.Now().Add(beatEvery))
		_, _ = pulse.Write([]byte{farewell}) // without it, it looks for what is left
	}
	k.mu.Unlock()
	if k.lock != nil {
		k.lock.release()
	}
	if pulse == nil {
		return
	}
	_ = pulse.Close()
	select {
	case <-k.gone:
	case <-time.After(partLimit): // it outlives the run, as it is made to
	}
}
