//go:build !linux

package browser

import "os/exec"

// setAside does nothing here.
func setAside(*exec.Cmd) {}

// killUsers does nothing here: the browser itself is killed by its context, and its helpers end when it is gone.
func killUsers(string) {}
