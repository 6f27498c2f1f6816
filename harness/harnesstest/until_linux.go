package harnesstest

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Until waits until something holds that another process brings about by writing to a folder, and looks when it does.
func Until(t testing.TB, folder string, holds func() bool) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	changes := os.NewFile(uintptr(fd), "changes")
	defer changes.Close()
	_, err = unix.InotifyAddWatch(fd, folder, unix.IN_CREATE|unix.IN_MODIFY|unix.IN_MOVED_TO|unix.IN_DELETE)
	if err == nil {
		err = changes.SetReadDeadline(time.Now().Add(untilLimit))
	}
	for events := make([]byte, 4096); err == nil && !holds(); {
		_, err = changes.Read(events)
	}
	if err != nil {
		t.Fatalf("waiting for a change of %s: %v", folder, err)
	}
}
