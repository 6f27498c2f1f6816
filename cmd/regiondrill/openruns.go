package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// openRun is a run that has begun and not been undone, as a locked file in the user's state folder. The lock dies with
// its owner, so that recover can tell a killed run from a live one.
type openRun struct {
	Folder  string    `json:"folder"` // absolute
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`

	path string
	file *os.File
}

// stateDir is where open runs are listed.
func (p *program) stateDir() (string, error) {
	if dir := p.getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "regiondrill", "runs"), nil
	}
	home := p.getenv("HOME")
	if !filepath.IsAbs(home) {
		return "", errors.New("neither XDG_STATE_HOME nor HOME names a folder")
	}
	return filepath.Join(home, ".local", "state", "regiondrill", "runs"), nil
}

// enlist lists a run. Where that isn't possible the run goes on: its folder alone is enough to recover it.
func (p *program) enlist(folder string) *openRun {
	run, err := p.enlisted(folder)
	if err != nil {
		fmt.Fprintf(p.stderr, "note: this run is not listed among the open ones (%v); should it be killed, recover it by its folder\n", err)
		return &openRun{}
	}
	return run
}

func (p *program) enlisted(folder string) (*openRun, error) {
	dir, err := p.stateDir()
	if err != nil {
		return nil, err
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(dir, "new-*.json") // renamed once it is locked, so that nobody takes it for a killed run's
	if err != nil {
		return nil, err
	}
	run := &openRun{Folder: folder, PID: os.Getpid(), Started: time.Now().UTC().Round(time.Second), path: file.Name(), file: file}
	text, err := json.Marshal(run)
	if err == nil {
		err = lock(file)
	}
	if err == nil {
		_, err = file.Write(append(text, '\n'))
	}
	if err == nil {
		err = os.Rename(run.path, filepath.Join(dir, "run-"+strings.TrimPrefix(filepath.Base(run.path), "new-")))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(run.path))
	}
	run.path = filepath.Join(dir, "run-"+strings.TrimPrefix(filepath.Base(run.path), "new-"))
	return run, nil
}

// strike takes the run off the list.
func (r *openRun) strike() {
	if r.file != nil {
		os.Remove(r.path) //nolint:errcheck // what stays is told of by recover
		r.file.Close()
	}
}

// keep leaves it on the list, its owner gone.
func (r *openRun) keep() {
	if r.file != nil {
		r.file.Close()
	}
}

// residue lists the open runs whose owner is gone, each locked by us, and how many live ones there are.
func (p *program) residue() (left []*openRun, live []*openRun, err error) {
	dir, err := p.stateDir()
	if err != nil {
		return nil, nil, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "run-*.json"))
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(paths)
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			continue // taken off the list just now
		}
		run := &openRun{path: path, file: file}
		owned := lock(file)
		if err := json.NewDecoder(file).Decode(run); err != nil && owned == nil {
			run.strike() // killed before it was written, so before anything was done
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
