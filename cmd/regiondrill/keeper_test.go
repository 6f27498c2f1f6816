//go:build !windows

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/history"
)

// sticky begins a run whose fault leaves a file that only another process removes, and waits until it is there.
func sticky(t *testing.T, lease string) (l *living, marker string) {
	t.Helper()
	marker = filepath.Join(t.TempDir(), "marker")
	l = start(t, func(l *living) { l.Env = append(l.Env, keeperVariable+"="+lease) },
		"--set", "faults.0.kind=stuck", "--set", "faults.0.file="+marker)
	l.until("dark")
	harnesstest.Until(t, filepath.Dir(marker), func() bool { return !gone(marker) })
	return l, marker
}

// kept waits until a run's keeper has been done so many times, and gives what it said.
func (l *living) kept(times int) (said string) {
	l.t.Helper()
	harnesstest.Until(l.t, l.dir, func() bool {
		lines, err := history.ReadKept(l.dir)
		if err != nil {
			l.t.Fatal(err)
		}
		over := 0
		said = ""
		for _, k := range lines {
			if said += k.Said + "\n"; k.Over {
				over++
			}
		}
		return over == times
	})
	return said
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// TestTheKeeperUndoesWhatAKilledRunLeaves, without anybody's asking; recover and analyze tell of it.
func TestTheKeeperUndoesWhatAKilledRunLeaves(t *testing.T) {
	t.Parallel()
	l, marker := sticky(t, "1m")
	if err := l.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	l.ends(-1)
	if said := l.kept(1); !gone(marker) || !strings.Contains(said, "all that outlived the run is as it was before") {
		t.Errorf("the marker is gone: %t, and the keeper says %s", gone(marker), said)
	}
	code, said := l.also("recover")
	if code != exitPass || !strings.Contains(said, "without a farewell") || !strings.Contains(said, "nothing was left to undo") {
		t.Errorf("recover ends with %d and says %s", code, said)
	}
	if _, said := l.also("analyze", l.dir, "--json"); !strings.Contains(said, "the run's keeper: all that outlived") {
		t.Errorf("analyze says %s", said)
	}
}

// TestARunThatStoodStillIsUnknown: its keeper took back what outlives it, which it notices when it goes on.
func TestARunThatStoodStillIsUnknown(t *testing.T) {
	t.Parallel()
	l, marker := sticky(t, "1s")
	if err := l.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	l.kept(1)
	if !gone(marker) {
		t.Error("the keeper has left the marker")
	}
	if code, said := l.also("recover", l.dir); code != exitUsage || !strings.Contains(said, "a run that lives") {
		t.Errorf("recovering it meanwhile ends with %d: %s", code, said)
	}
	if err := l.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	l.ends(exitUnknown)
	if said := l.kept(2); strings.Contains(said, "something is left") {
		t.Errorf("the keeper says %s", said)
	}
	h, err := history.Load(l.dir)
	if err != nil || h.End == nil || h.End.Reason != history.TakenBack || !h.End.Undone ||
		!strings.Contains(h.End.Detail, "its changes were taken back by its keeper") {
		t.Errorf("it ended as %+v, %v", h.End, err)
	}
	if code, said := l.also("recover"); code != exitPass || !strings.Contains(said, "nothing is left") {
		t.Errorf("recover ends with %d and says %s", code, said)
	}
}

// TestARunWithoutOutlivingChangesHasNoKeeper: nor a lock, nor anything that a keeper would leave.
func TestARunWithoutOutlivingChangesHasNoKeeper(t *testing.T) {
	t.Parallel()
	l := start(t, nil)
	l.until("dark")
	if !gone(filepath.Join(l.dir, "undo.lock")) || !gone(filepath.Join(l.dir, history.KeeperFile)) {
		t.Error("something watches over a run that leaves nothing")
	}
	if err := l.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	l.ends(exitUnknown)
}
