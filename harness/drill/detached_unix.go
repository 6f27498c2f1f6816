//go:build !windows

package drill

import "syscall"

// detached gives a process a session of its own: it outlives the run, and no terminal that closes and no Ctrl-C reaches
// it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
