package browser

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// markName is the file in a browser's folder that its process holds a lock on. The system takes the lock back when the
// process ends, however it ends.
const markName = "in-use"

// mark says that this process uses the folder.
func mark(dir string) (release func(), err error) {
	lock := flock.New(filepath.Join(dir, markName))
	if _, err := lock.TryLock(); err != nil { // a new file, which nobody else holds
		return nil, err
	}
	return func() { _ = lock.Close() }, nil
}

// leftovers lists the folders of browsers whose process was killed before it could remove them. What is in use, what is
// another user's, and what is so new that it may be about to be marked is none.
func leftovers() []string {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	return slices.DeleteFunc(folders, func(dir string) bool {
		info, err := os.Lstat(dir)
		return err != nil || !info.IsDir() || !ours(info) || used(dir, info)
	})
}

// sweep removes them, with the browsers that still use them, and tells which are gone.
func sweep() (gone []string, err error) {
	var errs []error
	for _, dir := range leftovers() {
		killUsers(dir)
		if err := os.RemoveAll(dir); err != nil {
			errs = append(errs, err)
			continue
		}
		gone = append(gone, dir)
	}
	return gone, errors.Join(errs...)
}

// Residue names the folders of browsers whose process is gone.
func (*Login) Residue(context.Context) ([]string, error) { return named(leftovers()), nil }

// Sweep removes them.
func (*Login) Sweep(context.Context) ([]string, error) {
	gone, err := sweep()
	return named(gone), err
}

func named(dirs []string) []string {
	var all []string
	for _, dir := range dirs {
		all = append(all, "browser's folder "+dir)
	}
	return all
}

// used tells whether a process uses the folder.
func used(dir string, info fs.FileInfo) bool {
	lock := flock.New(filepath.Join(dir, markName), flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryLock()
	if err != nil {
		return time.Since(info.ModTime()) < time.Minute
	}
	defer lock.Close() //nolint:errcheck // it is open for reading
	return !free
}

// killUsers kills every process that was told to use the folder as its profile. A browser is half a dozen of them,
// which may outlive the first, but all are told. A process that was forked while the list was read is found by the next
// reading; one that is dying takes a moment to leave the list.
func killUsers(dir string) {
	for range 100 {
		users := usersOf(dir)
		if len(users) == 0 {
			return
		}
		for _, pid := range users {
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill() // it may have ended by itself
				_ = p.Release()
			}
		}
	}
}

// usersOf lists them, where there is a /proc. Elsewhere the helpers of a browser end by themselves when it is gone.
func usersOf(dir string) []int {
	told := "--user-data-dir=" + profile(dir)
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var pids []int
	for _, file := range files {
		line, err := os.ReadFile(file) // empty for a process that has ended and was not waited for
		if err != nil || !slices.Contains(strings.Split(string(line), "\x00"), told) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
