//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package main

import "io"

// onKey does nothing here: Ctrl-C heals and concludes just as well.
func onKey(io.Reader, byte, func()) (restore func()) { return func() {} }
