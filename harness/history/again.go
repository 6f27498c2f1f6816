package history

import (
	"os"
	"path/filepath"
)

// Again is why a drill was run again alone: beside others the machine was too busy to tell.
type Again struct {
	Folder string `json:"folder"` // of the run before, which counts no more, beside this one's
	Grade  string `json:"grade"`  // of it
	Why    string `json:"why"`
}

// SupersededFile marks the folder of a run that was run again: it counts in no set of runs.
const SupersededFile = "superseded.json"

// Superseded tells whether the run in a folder was run again, so that only the later one counts.
func Superseded(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, SupersededFile))
	return err == nil
}
