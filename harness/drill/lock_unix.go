//go:build unix

package drill

import (
	"os"
	"syscall"
)

// lock takes the file for this process, or says that another has it.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
