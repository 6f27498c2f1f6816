//go:build !linux

package browser

import (
	"net/url"
	"os/exec"
)

// A browser lives apart on Linux only.
func canLiveApart() bool { return false }

func setApart(*exec.Cmd) {}

type annex struct{}

func newAnnex(int) (*annex, error) { return nil, nil }

func (*annex) door(door *url.URL) (*url.URL, error) { return door, nil }
func (*annex) close() error                         { return nil }
