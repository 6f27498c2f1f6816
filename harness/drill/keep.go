package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// steps of a lease without a beat make a run one that stands still. They are the keeper's own: on a machine that stood
// still as a whole it takes none meanwhile, and takes nothing back.
const steps = 20

// fate is what became of a run.
type fate int

const (
	parted fate = iota // it said farewell: what it could undo is undone
	died
	stood // still, for a lease
)

// keeping is the process of a keeper.
type keeping struct {
	*Runner
	folder string
	pulse  chan byte // closed when the run has ended
}

// Keep is the whole life of a keeper: it hears a run's pulse until the run parts, undoes what outlives it if the run
// dies without a farewell or stands still for a lease, writes down what it did, and returns when the run has ended.
func (r *Runner) Keep(ctx context.Context, folder string, pulse io.Reader, lease time.Duration) error {
	own := *r
	k := &keeping{Runner: &own, folder: folder, pulse: make(chan byte)}
	own.Tell = func(sentence string) { k.say(history.KeeperLine{Said: sentence}) }
	go func() {
		defer close(k.pulse)
		for b := make([]byte, 1); ; {
			if _, err := io.ReadFull(pulse, b); err != nil {
				return
			}
			k.pulse <- b[0]
		}
	}()
	switch k.listen(lease) {
	case parted:
		return nil
	case stood:
		return k.takeOver(ctx, lease)
	}
	pending, err := pendingIn(folder)
	if errors.Is(err, ErrGone) || err == nil && len(pending) == 0 {
		return nil
	}
	k.say(history.KeeperLine{Said: "the run has ended without a farewell; its keeper undoes what outlives it"})
	_, err = k.Undo(ctx, folder)
	return k.over(err)
}

// listen hears the pulse until it tells the run's fate; without a lease it has all the time.
func (k *keeping) listen(lease time.Duration) fate {
	var step <-chan time.Time
	if lease > 0 {
		tick := time.NewTicker(max(lease/steps, time.Millisecond))
		defer tick.Stop()
		step = tick.C
	}
	for missed := 0; ; {
		select {
		case b, lives := <-k.pulse:
			if !lives {
				return died
			}
			if b == farewell {
				return parted
			}
			missed = 0
		case <-step:
			if missed++; missed > steps {
				return stood
			}
		}
	}
}

// takeOver undoes what outlives a run that stands still, and once more what it was at when it stood still, after it has
// ended: a change that it was in the middle of is made when it goes on, and a run that goes on undoes nothing itself.
// Until then it holds the lock of the journal, so that nobody but this keeper may undo.
func (k *keeping) takeOver(ctx context.Context, lease time.Duration) error {
	k.say(history.KeeperLine{Took: true, Still: lease.Seconds(), Said: fmt.Sprintf(
		"the run has stood still for %.0f s; its keeper undoes what outlives it", lease.Seconds())})
	took, err := pendingIn(k.folder)
	if err == nil {
		_, err = k.undoAll(ctx, k.folder, took)
	}
	_ = k.over(err) // what failed is tried again
	k.listen(0)
	lock, failed := lockUndo(k.folder, undoLimit)
	if failed != nil {
		return k.over(failed)
	}
	defer lock.release()
	if failed := arrived(ctx, k.folder); failed != nil {
		return k.over(failed)
	}
	pending, failed := pendingIn(k.folder)
	if failed != nil {
		return k.over(failed)
	}
	again := slices.DeleteFunc(took, func(i rollback.Intent) bool { return slices.ContainsFunc(pending, i.Same) })
	_, failed = k.undoAll(ctx, k.folder, append(pending, again...))
	return k.over(failed)
}

// over writes down that all was tried.
func (k *keeping) over(err error) error {
	said := history.KeeperLine{Over: true, Said: "all that outlived the run is as it was before"}
	if err != nil {
		said.Failed = true
		said.Said = fmt.Sprintf("something is left: %v; once that is mended: regiondrill recover %s", err, k.folder)
	}
	k.say(said)
	return err
}

// say writes a line. What can't be written can be told to nobody, and keeps nothing from being undone.
func (k *keeping) say(said history.KeeperLine) {
	said.At = time.Now().UTC().Round(time.Millisecond)
	line, err := json.Marshal(said)
	if err != nil {
		return
	}
	file, err := os.OpenFile(filepath.Join(k.folder, history.KeeperFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer file.Close()
	if _, err := file.Write(append(line, '\n')); err == nil {
		_ = file.Sync()
	}
}
