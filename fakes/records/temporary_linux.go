package records

import (
	"os"

	"golang.org/x/sys/unix"
)

const inMemory = true

// temporary is a file that has no name anywhere, so that it needs no disk and nothing stays of it.
func temporary() (*os.File, error) {
	fd, err := unix.MemfdCreate("regiondrill-records", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "records in memory"), nil
}
