package drill

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Runs is the folder in which the open runs of a user are listed: those that have begun and were not undone.
type Runs struct {
	Dir string
	Err error // why there is none
}

// UserRuns is the folder below the user's state folder. The environment is asked for XDG_STATE_HOME and HOME, on
// Windows for LOCALAPPDATA instead of HOME.
func UserRuns(getenv func(string) string) Runs { return userRuns(runtime.GOOS, getenv) }

func userRuns(goos string, getenv func(string) string) Runs {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return Runs{Dir: filepath.Join(dir, "regiondrill", "runs")}
	}
	variable, below := "HOME", filepath.Join(".local", "state")
	if goos == "windows" {
		variable, below = "LOCALAPPDATA", ""
	}
	home := getenv(variable)
	if !filepath.IsAbs(home) {
		return Runs{Err: fmt.Errorf("neither XDG_STATE_HOME nor %s names a folder", variable)}
	}
	return Runs{Dir: filepath.Join(home, below, "regiondrill", "runs")}
}

// OpenRun is a run on the list: a file that tells of it, and beside that a file whose lock its process holds. The
// system takes the lock back when the process ends, however it ends, so that a killed run can be told from a live one.
// They are two files because a locked one can't be read by others on Windows.
type OpenRun struct {
	Folder  string    `json:"folder"` // absolute
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Heir    int       `json:"recovered_by,omitempty"` // the process that took it up when its own was gone; 0: none did

	path string
	lock *flock.Flock
}

const (
	listedSuffix = ".json"
	lockSuffix   = ".lock"
)

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
	file, err := os.CreateTemp(r.Dir, "run-*"+lockSuffix)
	if err != nil {
		return &OpenRun{}, err
	}
	file.Close()
	run := openRun(strings.TrimSuffix(file.Name(), lockSuffix) + listedSuffix)
	run.Folder, run.PID, run.Started = folder, os.Getpid(), time.Now().UTC().Round(time.Second)
	if err := run.list(); err != nil {
		run.Remove()
		return &OpenRun{}, err
	}
	return run, nil
}

func openRun(path string) *OpenRun {
	return &OpenRun{path: path, lock: flock.New(strings.TrimSuffix(path, listedSuffix) + lockSuffix)}
}

// list takes the lock first, so that nobody takes the run for a killed one.
func (r *OpenRun) list() error {
	if _, err := r.lock.TryLock(); err != nil { // a new file, which nobody else holds
		return err
	}
	return r.write()
}

func (r *OpenRun) write() error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(r.path, append(text, '\n'), 0o600)
}

// Inherit lets others know that this process recovers a run whose own is gone. It only tells: the lock is held already.
func (r *OpenRun) Inherit() error {
	if r.lock == nil {
		return nil
	}
	r.Heir = os.Getpid()
	return r.write()
}

func (r *OpenRun) read() error {
	text, err := os.ReadFile(r.path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, r)
}

// Remove takes the run off the list.
func (r *OpenRun) Remove() {
	if r.lock != nil {
		os.Remove(r.path) //nolint:errcheck // what stays is told of by recover
		r.Keep()
		os.Remove(r.lock.Path()) //nolint:errcheck // it is not looked at without the other file
	}
}

// Keep leaves it on the list, its owner gone.
func (r *OpenRun) Keep() {
	if r.lock != nil {
		_ = r.lock.Close() // the system does it at the latest when this process ends
	}
}

// Residue lists the open runs whose owner is gone, each locked by us, and those that live.
func (r Runs) Residue() (left []*OpenRun, live []*OpenRun, err error) {
	if r.Err != nil {
		return nil, nil, r.Err
	}
	paths, err := filepath.Glob(filepath.Join(r.Dir, "run-*"+listedSuffix))
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(paths)
	for _, path := range paths {
		run := openRun(path)
		gone, _ := run.lock.TryLock() // who can't be asked counts as alive, so that nothing is undone under its feet
		unread := run.read()
		switch {
		case gone && unread != nil: // taken off the list just now, or killed before it was written and did anything
			run.Remove()
		case gone:
			left = append(left, run)
		case !errors.Is(unread, fs.ErrNotExist):
			live = append(live, run)
		}
	}
	return left, live, nil
}
