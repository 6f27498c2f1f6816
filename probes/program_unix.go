//go:build unix

package probes

import (
	"os"
	"os/exec"
	"syscall"
)

// apart gives a program a process group of its own: Ctrl-C in the terminal doesn't reach it, and all of it can be
// killed at once.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killAll kills a program and those of its group.
func killAll(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }
