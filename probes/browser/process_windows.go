package browser

import (
	"io/fs"
	"os/exec"
)

// ours needs no look: each user has a folder for temporary files.
func ours(fs.FileInfo) bool { return true }

func setAside(*exec.Cmd) {}
