//go:build unix

package browser

import (
	"io/fs"
	"os"
	"syscall"
)

// ours tells whether the file is this user's.
func ours(info fs.FileInfo) bool {
	of, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(of.Uid) == os.Getuid()
}
