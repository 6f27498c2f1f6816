//go:build unix

package browser

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// markName is the file in a browser's folder that its process holds a lock on. The kernel takes the lock back when the
// process ends, however it ends.
const markName = "in-use"

// mark says that this process uses the folder.
func mark(dir string) (release func(), err error) {
	file, err := os.OpenFile(filepath.Join(dir, markName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}

// sweep removes the folders of browsers whose process was killed before it could do so. It leaves alone what is in use,
// what is another user's, and what is so new that it may be about to be marked.
func sweep() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	for _, dir := range folders {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		of, ok := info.Sys().(*syscall.Stat_t)
		if !ok || int(of.Uid) != os.Getuid() || used(dir, info) {
			continue
		}
		killUsers(dir)
		_ = os.RemoveAll(dir) // the next sweep tries again
	}
}

// used tells whether a process uses the folder.
func used(dir string, info fs.FileInfo) bool {
	file, err := os.Open(filepath.Join(dir, markName))
	if err != nil {
		return time.Since(info.ModTime()) < time.Minute
	}
	defer file.Close()
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}

// killUsers kills every process that was told to use the folder as its profile. A browser is half a dozen of them, which
// may outlive the first, but all are told. A process that was forked while the list was read is found by the next
// reading; one that is dying takes a moment to leave the list.
func killUsers(dir string) {
	for range 100 {
		users := usersOf(dir)
		if len(users) == 0 {
			return
		}
		for _, pid := range users {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		}
	}
}

// usersOf lists them, where there is a /proc. Elsewhere the helpers of a browser end by themselves when it is gone.
func usersOf(dir string) []int {
	told := []byte("--user-data-dir=" + profile(dir))
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var pids []int
	for _, file := range files {
		line, err := os.ReadFile(file) // empty for a process that has ended and was not waited for
		if err != nil || !slices.ContainsFunc(bytes.Split(line, []byte{0}), func(argument []byte) bool { return bytes.Equal(argument, told) }) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
