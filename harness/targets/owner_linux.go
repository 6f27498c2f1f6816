package targets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
)

// self says which process this is, such that another can tell whether it still lives: the machine's boot, the process
// namespace, the process id, and when it was started.
var self = sync.OnceValue(func() string {
	started, err := started(os.Getpid())
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s %s %d %s", boot(), namespace(), os.Getpid(), started)
})

// gone tells whether the process that self has described there has ended. What it can't know about lives.
func gone(owner string) bool {
	var theirBoot, theirs, theirStart string
	var pid int
	if _, err := fmt.Sscanf(owner, "%s %s %d %s", &theirBoot, &theirs, &pid, &theirStart); err != nil {
		return false
	}
	if theirBoot != boot() {
		return true // it can't have survived that
	}
	if theirs != namespace() {
		return false
	}
	now, err := started(pid)
	return errors.Is(err, fs.ErrNotExist) || err == nil && now != theirStart
}

func boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(id))
}

func namespace() string {
	name, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "unknown"
	}
	return name
}

// started is when a process was, in clock ticks since boot: field 22 of its stat (proc(5)). A process that has ended
// and was not waited for is as good as gone.
func started(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	switch {
	case len(fields) < 20:
		return "", errors.New("reading /proc: a line that is too short")
	case fields[0] == "Z":
		return "", fs.ErrNotExist
	}
	return fields[19], nil
}
