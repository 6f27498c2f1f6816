//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// onKey calls pressed when the key is hit at the terminal that in is, until the returned function puts the terminal
// back. Elsewhere, and in the background of a shell, it does nothing. Ctrl-C remains a signal.
func onKey(in io.Reader, key byte, pressed func()) (restore func()) {
	file, ok := in.(*os.File)
	if !ok || !foreground(int(file.Fd())) {
		return func() {}
	}
	fd := int(file.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return func() {}
	}
	keys := *before
	keys.Lflag &^= unix.ICANON | unix.ECHO
	keys.Cc[unix.VMIN], keys.Cc[unix.VTIME] = 0, 2 // a read waits for at most 0.2 s
	if err := unix.IoctlSetTermios(fd, setTermios, &keys); err != nil {
		return func() {}
	}
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		readKeys(fd, key, pressed, done)
	}()
	return sync.OnceFunc(func() {
		close(done)
		if foreground(fd) { // from the background it would stop this process
			unix.IoctlSetTermios(fd, setTermios, before) //nolint:errcheck // a terminal that is gone needs nothing
		}
		<-gone
	})
}

func readKeys(fd int, key byte, pressed func(), done <-chan struct{}) {
	buffer := make([]byte, 1)
	for {
		select {
		case <-done:
			return
		default:
		}
		switch n, err := unix.Read(fd, buffer); {
		case err != nil && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN):
			return
		case n == 1 && buffer[0] == key:
			pressed()
		}
	}
}

// foreground tells whether fd is the terminal that this process may read from.
func foreground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
