package drill

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// detached gives a process no console, so that no console that closes and no Ctrl-C reaches it. Who runs drills in a job
// object that kills its processes when it closes kills this one too, and there recover is the way.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}
