package browser

import (
	"os/exec"
	"syscall"
)

// setAside puts the browser into a process group of its own, so that Ctrl-C in a terminal reaches the drill and not
// its browser, and lets it die with this process.
func setAside(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
