package browser

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// setAside puts the browser into a process group of its own, so that Ctrl-C in a terminal reaches the drill and not
// its browser, and lets it die with this process.
func setAside(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killUsers kills every process that was told to use the folder. A browser is half a dozen of them; those that outlive
// the first leave its group or their parent, but all are told where their profile is. A process that was forked while
// the list was read is found by the next reading.
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

// usersOf lists the processes with the folder in an argument. A process that has ended but was not waited for has no
// arguments any more.
func usersOf(dir string) []int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var pids []int
	for _, file := range files {
		arguments, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(arguments, []byte(dir+"/")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
