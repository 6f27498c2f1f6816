package repetition

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// File is the name of a result in its folder.
const File = "repetition.json"

// Holds tells whether a folder is that of a drill which was repeated.
func Holds(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, File))
	return err == nil && info.Mode().IsRegular()
}

// Read reads the result in a folder. Its error is a sentence.
func Read(dir string) (*Result, error) {
	path := filepath.Join(dir, File)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	switch err := json.Unmarshal(text, r); {
	case err != nil:
		return nil, fmt.Errorf("%s can't be read: %w", path, err)
	case r.Schema != Schema:
		return nil, fmt.Errorf("%s has the schema %q; this version reads %q", path, r.Schema, Schema)
	}
	for i := range r.Objectives {
		o := &r.Objectives[i]
		number, ok := o.Objective.(float64)
		if ok && o.Measure != verdict.ShareOfGood && o.Measure != verdict.SessionsKept {
			o.Objective = verdict.Seconds(number)
		}
	}
	return r, nil
}

// Again begins a series by the rule of a result, for the same drills to be concluded anew.
func (r *Result) Again() *Series {
	s := NewSeries(r.Rule)
	s.result.Stopped = r.Stopped
	return s
}

// Kept tells whether the folders of all drills are there, below that of the result.
func (r *Result) Kept(dir string) bool {
	for _, run := range r.Runs {
		info, err := os.Stat(filepath.Join(dir, run.Folder))
		if run.Folder == "" || !filepath.IsLocal(run.Folder) || err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}
