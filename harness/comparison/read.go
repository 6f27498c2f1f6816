package comparison

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Set is the runs below a folder.
type Set struct {
	Path    string
	Runs    []Run // in the order of their folders' names, numbers by their size
	Skipped []Skipped
}

// Run is one of them, by what its folder says of it.
type Run struct {
	Folder  string
	Verdict *verdict.Verdict
	Plan    *history.Plan     // nil where there is no history beside the verdict
	Keys    map[string]string // what its scenario says, by scenario.Keys; nil where it isn't there
}

// Skipped is a folder that looks like a run's and can't be read as one.
type Skipped struct {
	Folder string `json:"folder"`
	Why    string `json:"why"`
}

const verdictFile = "verdict.json"

// Read finds the runs at or below a folder. Of each it reads the verdict and the first line of the history, and of a
// run that lies there twice only the first. Its error is a sentence: the folder is not there, or holds no run.
func Read(path string) (*Set, error) {
	s, r := &Set{Path: path}, &reader{keys: map[string]map[string]string{}, seen: map[string]string{}}
	var folders []string
	err := history.Below(path, func(at string) error {
		switch {
		case history.Holds(at, history.HistoryFile):
			folders = append(folders, at)
			return fs.SkipDir
		case history.Holds(at, verdictFile):
			folders = append(folders, at) // that of several drills holds theirs too
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(folders, natural)
	for _, folder := range folders {
		switch run, err := r.run(folder); {
		case err != nil:
			s.Skipped = append(s.Skipped, Skipped{folder, err.Error()})
		case run != nil:
			s.Runs = append(s.Runs, *run)
		}
	}
	if len(s.Runs) == 0 && len(s.Skipped) == 0 {
		return nil, fmt.Errorf("%s holds no run: there is neither a %s nor a %s in it, nor below", path, verdictFile,
			history.HistoryFile)
	}
	return s, nil
}

// Only keeps the runs of a scenario. Its error is a sentence: there is none.
func (s *Set) Only(scenario string) error {
	var there []string
	s.Runs = slices.DeleteFunc(s.Runs, func(r Run) bool {
		there = append(there, r.Verdict.Scenario)
		return r.Verdict.Scenario != scenario
	})
	if len(s.Runs) > 0 {
		return nil
	}
	slices.Sort(there)
	return fmt.Errorf("%s holds no run of %s, but of: %s", s.Path, scenario, strings.Join(slices.Compact(there), ", "))
}

// reader remembers what many runs have in common.
type reader struct {
	keys map[string]map[string]string // of a scenario's text and sets
	seen map[string]string            // folders of runs
}

// run reads one; nil where the folder is that of several drills.
func (r *reader) run(folder string) (*Run, error) {
	text, err := os.ReadFile(filepath.Join(folder, verdictFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New(history.NotConcluded)
	case err != nil:
		return nil, err
	}
	v, err := ReadVerdict(text)
	if v == nil {
		return nil, err
	}
	if v.Virtual { // and so has the date and the seed of any other
		return nil, errors.New("it was simulated, and of many drills only the worst is kept")
	}
	run := &Run{Folder: folder, Verdict: v}
	name := fmt.Sprint(v.Scenario, v.Seed, v.Started.UnixNano())
	if other, twice := r.seen[name]; twice {
		return nil, errors.New("it is the same run as " + other)
	}
	r.seen[name] = folder
	if history.Holds(folder, history.HistoryFile) {
		if run.Plan, err = history.LoadPlan(folder); err != nil {
			return nil, err
		}
		run.Keys = r.keysOf(folder, run.Plan.Sets)
	}
	return run, nil
}

// keysOf are what a run's scenario says; nil where it can't be read.
func (r *reader) keysOf(folder string, sets []string) map[string]string {
	text, err := os.ReadFile(filepath.Join(folder, history.ScenarioFile))
	if err != nil {
		return nil
	}
	asked := string(text) + "\x00" + strings.Join(sets, "\x00")
	if _, known := r.keys[asked]; !known {
		keys, err := scenario.Keys(text, sets)
		if err != nil {
			keys = nil
		}
		r.keys[asked] = keys
	}
	return r.keys[asked]
}

// ReadVerdict reads a verdict.json. It is nil where the file is that of several drills.
func ReadVerdict(text []byte) (*verdict.Verdict, error) {
	v := &verdict.Verdict{}
	if err := json.Unmarshal(text, v); err != nil {
		var head struct{ Schema string }
		if json.Unmarshal(text, &head) == nil {
			return nil, fmt.Errorf("its %s is none of regiondrill's: %w", verdictFile, err)
		}
		return nil, fmt.Errorf("its %s is torn: %w", verdictFile, err)
	}
	switch {
	case v.Schema == severalSchema:
		return nil, nil
	case v.Schema != verdict.Schema:
		return nil, fmt.Errorf("its %s has the schema %q; this version reads %q", verdictFile, v.Schema, verdict.Schema)
	}
	for i := range v.Findings {
		typed(&v.Findings[i])
	}
	return v, nil
}

// severalSchema is that of the verdict.json of several drills, which lies above their folders.
const severalSchema = "regiondrill.verdicts/v1"

// typed gives what a finding measured the type that its check gave it: an interval or a share, else a number.
func typed(f *verdict.Finding) {
	fields, ok := f.Actual.(map[string]any)
	if !ok {
		return
	}
	lower, ok := fields["lower"].(float64)
	upper, finite := fields["upper"].(float64)
	switch {
	case !ok:
		f.Actual = nil
	case isShare(f.Measure):
		f.Actual = verdict.Share{Lower: lower, Upper: upper}
	case finite:
		up := verdict.Seconds(upper)
		f.Actual = &verdict.Interval{Lower: verdict.Seconds(lower), Upper: &up}
	default:
		f.Actual = &verdict.Interval{Lower: verdict.Seconds(lower)}
	}
}

// natural sorts names with their numbers by size: 2 before 10.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		switch {
		case x != "" && y != "":
			m, n := strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if len(m) != len(n) {
				return len(m) - len(n)
			}
			if c := strings.Compare(m, n); c != 0 {
				return c
			}
			a, b = a[len(x):], b[len(y):]
		case a[0] != b[0]:
			return bytes.Compare([]byte{a[0]}, []byte{b[0]})
		default:
			a, b = a[1:], b[1:]
		}
	}
	return len(a) - len(b)
}

func digits(s string) string { return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))] }
