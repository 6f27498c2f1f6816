package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Below visits a folder and those below it, in the order of their names, but for those whose run was run again: the
// later one counts alone. Below a folder for which visit gives fs.SkipDir it looks no further. Its error is a sentence:
// the folder is not there, or can't be looked through.
func Below(dir string, visit func(folder string) error) error {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case path != dir && Superseded(path):
			return fs.SkipDir
		}
		return visit(path)
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s", dir)
	case err != nil:
		return fmt.Errorf("looking for runs: %w", err)
	}
	return nil
}

// Holds tells whether a folder holds a file of that name.
func Holds(dir, file string) bool {
	info, err := os.Stat(filepath.Join(dir, file))
	return err == nil && info.Mode().IsRegular()
}
