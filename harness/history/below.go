package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Below visits a folder and those below it, in the order of their names, but for hidden ones and those whose run was
// run again: the later one counts alone. A link is followed where it is the folder itself. Below a folder for which
// visit gives fs.SkipDir it looks no further. Its error is a sentence: the folder is not there, or can't be looked
// through.
func Below(dir string, visit func(folder string) error) error {
	dir = filepath.Clean(dir)
	err := filepath.WalkDir(dir+string(filepath.Separator), func(path string, entry fs.DirEntry, err error) error {
		switch path = filepath.Clean(path); {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case path != dir && (Hidden(entry.Name()) || Superseded(path)):
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

// NotConcluded is why a run's folder tells nothing yet.
const NotConcluded = "it has a history and no verdict yet: it goes on, or is to be concluded with regiondrill " +
	"analyze or recover"

// Hidden tells whether a folder's name is that of one in which something is made, such as the drills of a simulation:
// it holds no results.
func Hidden(name string) bool { return strings.HasPrefix(name, ".") }

// Rehearsal tells whether the run in a folder was a rehearsal, and is over: it has a history and never a verdict.
func Rehearsal(dir string) bool {
	file, err := os.Open(filepath.Join(dir, HistoryFile))
	if err != nil {
		return false
	}
	defer file.Close()
	const tail = 4096 // its last line is short
	if info, err := file.Stat(); err == nil && info.Size() > tail {
		_, _ = file.Seek(-tail, io.SeekEnd) // else what is read is no last line
	}
	text, err := io.ReadAll(file)
	text = bytes.TrimRight(text, "\n")
	var last struct{ End struct{ Reason string } }
	if err != nil || json.Unmarshal(text[bytes.LastIndexByte(text, '\n')+1:], &last) != nil {
		return false
	}
	return last.End.Reason == Rehearsed
}
