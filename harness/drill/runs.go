package drill

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Runs is the folder in which the open runs of a user are listed: those that have begun and were not undone.
type Runs struct {
	Dir string
	Err error // why there is none
}

// UserRuns is the folder below the user's state folder. The environment is asked for XDG_STATE_HOME and HOME.
func UserRuns(getenv func(string) string) Runs {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return Runs{Dir: filepath.Join(dir, "regiondrill", "runs")}
	}
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return Runs{Err: errors.New("neither XDG_STATE_HOME nor HOME names a folder")}
	}
	return Runs{Dir: filepath.Join(home, ".local", "state", "regiondrill", "runs")}
}

// OpenRun is a run on the list, as a locked file. The lock dies with its owner, so that a killed run can be told from a
// live one.
type OpenRun struct {
	Folder  string    `json:"folder"` // absolute
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`

	path string
	file *os.File
}

// enlist lists a run. Where that isn't possible the run can go on: its folder alone is enough to recover it.
func (r Runs) enlist(folder string) (*OpenRun, error) {
	if r.Dir == "" {
		return &OpenRun{}, r.Err
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return &OpenRun{}, err
	}
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return &OpenRun{}, err
	}
	file, err := os.CreateTemp(r.Dir, "new-*.json") // renamed once it is locked, so that nobody takes it for a killed run's
	if err != nil {
		return &OpenRun{}, err
	}
	run := &OpenRun{Folder: folder, PID: os.Getpid(), Started: time.Now().UTC().Round(time.Second), path: file.Name(), file: file}
	listed := filepath.Join(r.Dir, "run-"+strings.TrimPrefix(filepath.Base(run.path), "new-"))
	text, err := json.Marshal(run)
	if err == nil {
		err = lock(file)
	}
	if err == nil {
		_, err = file.Write(append(text, '\n'))
	}
	if err == nil {
		err = os.Rename(run.path, listed)
	}
	if err != nil {
		return &OpenRun{}, errors.Join(err, file.Close(), os.Remove(run.path))
	}
	run.path = listed
	return run, nil
}

// Remove takes the run off the list.
func (r *OpenRun) Remove() {
	if r.file != nil {
		os.Remove(r.path) //nolint:errcheck // what stays is told of by recover
		r.file.Close()
	}
}

// Keep leaves it on the list, its owner gone.
func (r *OpenRun) Keep() {
	if r.file != nil {
		r.file.Close()
	}
}

// Residue lists the open runs whose owner is gone, each locked by us, and those that live.
func (r Runs) Residue() (left []*OpenRun, live []*OpenRun, err error) {
	if r.Err != nil {
		return nil, nil, r.Err
	}
	paths, err := filepath.Glob(filepath.Join(r.Dir, "run-*.json"))
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(paths)
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			continue // taken off the list just now
		}
		run := &OpenRun{path: path, file: file}
		owned := lock(file)
		if err := json.NewDecoder(file).Decode(run); err != nil && owned == nil {
			run.Remove() // killed before it was written, so before anything was done
			continue
		}
		if owned != nil {
			file.Close()
			live = append(live, run)
			continue
		}
		left = append(left, run)
	}
	return left, live, nil
}
