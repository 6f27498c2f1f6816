package runs

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// The files by which a folder of a run is known, beside the history.
const (
	verdictFile    = "verdict.json"
	repetitionFile = "repetition.json"
	reportFile     = "report.html"
	repetitionPage = "repetition.html"
)

// Read finds the runs below a folder, or the one that it is. Links are not followed. Its error is a sentence: the
// folder can't be read.
func Read(dir string) (*Shelf, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no folder %s", dir)
	case err != nil:
		return nil, fmt.Errorf("looking for runs: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no folder", dir)
	}
	w := &walk{root: dir, known: sync.OnceValue(func() map[string]note { return remembered(dir) }),
		shelf: &Shelf{Path: dir}}
	go w.known() // while the folders are looked into
	if root := w.look("."); !w.leaf(place{folder: "."}, root) {
		if err := w.below(w.around(place{folder: "."}, root)); err != nil {
			return nil, fmt.Errorf("looking for runs: %w", err)
		}
	}
	w.read()
	for _, f := range w.found {
		switch {
		case f.err != nil:
			w.skip(f.folder, f.err.Error())
		case f.run != nil:
			w.shelf.Runs = append(w.shelf.Runs, *f.run)
		}
	}
	w.dated()
	slices.SortFunc(w.shelf.Runs, newestFirst)
	return w.shelf, nil
}

// walk finds the folders of runs first, and then reads those that are not remembered, several at a time.
type walk struct {
	root  string
	known func() map[string]note
	found []*found
	shelf *Shelf
}

// place is where a walk is.
type place struct{ folder, unit, of string }

// found is a folder of a run.
type found struct {
	place
	size    int64 // of its verdict's file, and when that was written
	written time.Time
	run     *Run
	err     error
}

func (w *walk) path(folder, file string) string {
	return filepath.Join(w.root, filepath.FromSlash(folder), file)
}

func (w *walk) skip(folder, why string) {
	w.shelf.Skipped = append(w.shelf.Skipped, comparison.Skipped{Folder: w.path(folder, ""), Why: why})
}

// stat is nil where there is no such file.
func (w *walk) stat(folder, file string) fs.FileInfo {
	info, err := os.Stat(w.path(folder, file))
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return info
}

// seen are the files of a folder that tell what it is.
type seen struct {
	superseded        bool
	concluded, report fs.FileInfo
}

func (w *walk) look(folder string) seen {
	s := seen{superseded: history.Superseded(w.path(folder, "")), concluded: w.stat(folder, verdictFile)}
	if s.concluded != nil {
		s.report = w.stat(folder, reportFile)
	}
	return s
}

// looks looks into the folders of one, several at a time: of thousands of runs that are remembered it is all the work.
func (w *walk) looks(at string, entries []fs.DirEntry) []seen {
	all := make([]seen, len(entries))
	var next atomic.Int64
	var done sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(entries); i = int(next.Add(1)) - 1 {
				if entries[i].IsDir() {
					all[i] = w.look(path.Join(at, entries[i].Name()))
				}
			}
		})
	}
	done.Wait()
	return all
}

// leaf takes down a folder that is one run's.
func (w *walk) leaf(at place, see seen) bool {
	if at.unit == "" {
		at.unit = at.folder
	}
	f := &found{place: at}
	concluded := see.concluded
	if concluded != nil {
		f.size, f.written = concluded.Size(), concluded.ModTime()
		if n, known := w.known()[at.folder]; known && n.Size == f.size && n.Written == f.written.UnixNano() {
			run := n.Run
			run.Unit, run.Of, run.Report = at.unit, at.of, see.report != nil
			run.size, run.written = f.size, f.written
			f.run = &run
			w.found = append(w.found, f)
			w.shelf.Remembered++
			return true
		}
	}
	if w.stat(at.folder, history.HistoryFile) == nil && (concluded == nil || w.several(at.folder)) {
		return false
	}
	w.found = append(w.found, f)
	return true
}

// several tells whether a folder is that of several drills, which has a verdict of all of them.
func (w *walk) several(folder string) bool {
	text, err := os.ReadFile(w.path(folder, verdictFile))
	if err != nil {
		return false
	}
	v, err := comparison.ReadVerdict(text)
	return v == nil && err == nil
}

// around takes down a folder around several runs, if it is one: that of a repetition, or of several drills.
func (w *walk) around(at place, see seen) place {
	switch {
	case w.stat(at.folder, repetitionFile) != nil:
		at.unit, at.of = orElse(at.unit, at.folder), at.folder
		w.found = append(w.found, &found{place: at})
	case see.concluded != nil:
		at.unit = orElse(at.unit, at.folder)
	}
	return at
}

// below looks into a folder that is no run's.
func (w *walk) below(at place) error {
	entries, err := os.ReadDir(w.path(at.folder, ""))
	if err != nil {
		return err
	}
	looks := w.looks(at.folder, entries)
	for i, e := range entries {
		in := place{path.Join(at.folder, e.Name()), at.unit, at.of}
		switch {
		case e.Type()&fs.ModeSymlink != 0:
			if info, err := os.Stat(w.path(in.folder, "")); err == nil && info.IsDir() {
				w.skip(in.folder, "it is a link, and links are not followed")
			}
			continue
		case !e.IsDir() || history.Hidden(e.Name()) || looks[i].superseded:
			continue // a drill that was run again counts by its later run
		case looks[i].concluded == nil && history.Rehearsal(w.path(in.folder, "")) || w.leaf(in, looks[i]):
			continue // of a rehearsal there is nothing to tell
		}
		if err := w.inside(w.around(in, looks[i])); err != nil {
			w.skip(in.folder, "it can't be read: "+err.Error())
		}
	}
	return nil
}

const noRun = "it holds no run"

// inside is below of a folder that may hold no run at any depth: then that is said once.
func (w *walk) inside(at place) error {
	runs, skipped := len(w.found), len(w.shelf.Skipped)
	if err := w.below(at); err != nil {
		return err
	}
	told := slices.ContainsFunc(w.shelf.Skipped[skipped:], func(s comparison.Skipped) bool { return s.Why != noRun })
	if len(w.found) == runs && !told && at.of != at.folder {
		w.shelf.Skipped = w.shelf.Skipped[:skipped]
		w.skip(at.folder, noRun)
	}
	return nil
}

func orElse(word, otherwise string) string {
	if word == "" {
		return otherwise
	}
	return word
}

// read reads what is not remembered.
func (w *walk) read() {
	work := make(chan *found)
	var done sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for f := range work {
				if f.of == f.folder {
					f.run, f.err = w.repetition(f)
				} else {
					f.run, f.err = w.run(f)
				}
			}
		})
	}
	for _, f := range w.found {
		if f.run == nil {
			work <- f
		}
	}
	close(work)
	done.Wait()
}

// run reads one.
func (w *walk) run(f *found) (*Run, error) {
	text, err := os.ReadFile(w.path(f.folder, verdictFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New(history.NotConcluded)
	case err != nil:
		return nil, err
	}
	v, err := comparison.ReadVerdict(text)
	if err != nil {
		return nil, err
	}
	switch {
	case v == nil:
		return nil, errors.New("it has a history and the verdict of several drills")
	case v.Validity.NotRun():
		return nil, errors.New("it is the verdict of a drill that was not run")
	}
	r := &Run{Folder: f.folder, Unit: f.unit, Of: f.of, Scenario: v.Scenario, Target: v.Target, Version: v.Version,
		Seed: v.Seed, Begun: v.Started.UTC(), Grade: v.Grade, LeftOut: cmp.Or(comparison.LeftOut(v), older(v)),
		Recoveries: recoveries(v), Report: w.stat(f.folder, reportFile) != nil,
		History: w.stat(f.folder, history.HistoryFile) != nil, size: f.size, written: f.written}
	plan := w.plan(f.folder)
	r.Environment = plan.Environment
	for i := range r.Recoveries {
		for _, probe := range plan.Probes {
			if probe.Name == r.Recoveries[i].Probe {
				r.Recoveries[i].Every = probe.Every
			}
		}
	}
	if r.Virtual = v.Virtual || plan.Virtual; r.Virtual {
		r.Begun = f.written.UTC()
		for _, name := range []string{f.folder, plan.Run} {
			if at, ok := Stamped(name); ok {
				r.Begun = at
			}
		}
	}
	return r, nil
}

// Stamped is the instant that a folder's name begins with, as those do that nobody named.
func Stamped(folder string) (time.Time, bool) {
	stamp, _, _ := strings.Cut(path.Base(folder), "-")
	at, err := time.Parse("20060102T150405Z", stamp)
	return at, err == nil && history.Stamp(at) == stamp
}

// planned is what is asked of a history's first line; more of it would have to be read by who analyses it.
type planned struct {
	Environment string
	Virtual     bool
	Run         string
	Probes      []struct {
		Name  string
		Every verdict.Seconds
	}
}

// plan is empty where there is no history beside the verdict, or a torn one: the verdict stands.
func (w *walk) plan(folder string) planned {
	var line struct{ Plan planned }
	file, err := os.Open(w.path(folder, history.HistoryFile))
	if err != nil {
		return line.Plan
	}
	defer file.Close()
	text, _ := bufio.NewReaderSize(file, 8<<10).ReadBytes('\n')
	_ = json.Unmarshal(text, &line)
	return line.Plan
}

// recoveries are what checks ask for.
func recoveries(v *verdict.Verdict) []Recovery {
	var all []Recovery
	for _, f := range v.Findings {
		if f.Measure != verdict.RecoveryTime {
			continue
		}
		r := Recovery{Check: f.Name, Probe: f.Probe, Fault: f.Fault, Grade: f.Grade, Within: f.Within}
		if s, ok := repetition.SampleOf(v, f); ok {
			r.Told, r.Lower, r.Upper, r.Never = true, s.Lower, s.Upper, s.Time().Censored
		}
		if of := v.Recovery(f.Probe, f.Fault); of != nil && of.EndedBy == verdict.Failover && r.Told {
			r.Phases = of.Phases
		}
		all = append(all, r)
	}
	return all
}

// repetition reads what many drills came to.
func (w *walk) repetition(f *found) (*Run, error) {
	text, err := os.ReadFile(w.path(f.folder, repetitionFile))
	if err != nil {
		return nil, err
	}
	var r repetition.Result
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("its %s is torn: %w", repetitionFile, err)
	}
	if r.Schema != repetition.Schema {
		return nil, fmt.Errorf("its %s has the schema %q; this version reads %q", repetitionFile, r.Schema, repetition.Schema)
	}
	all := &Run{Folder: f.folder, Unit: f.unit, Scenario: r.Scenario, Target: r.Target, Version: r.Version, Grade: r.Grade,
		Virtual: r.Virtual, Report: w.stat(f.folder, repetitionPage) != nil,
		Repetition: &Repetition{Drills: len(r.Runs), Objectives: []Objective{}}}
	for _, o := range r.Objectives {
		all.Repetition.Objectives = append(all.Repetition.Objectives, Objective{o.Name, o.Met, o.Met + o.Missed + o.Unknown})
	}
	return all, nil
}

// dated gives each repetition what its drills alone know: when the first began, where, and whether it was simulated.
func (w *walk) dated() {
	first := map[string]*Run{}
	for i := range w.shelf.Runs {
		r := &w.shelf.Runs[i]
		if known := first[r.Of]; r.Of != "" && (known == nil || r.Begun.Before(known.Begun)) {
			first[r.Of] = r
		}
	}
	for i := range w.shelf.Runs {
		r := &w.shelf.Runs[i]
		if r.Repetition == nil {
			continue
		}
		if of := first[r.Folder]; of != nil {
			r.Begun, r.Environment, r.Virtual = of.Begun, of.Environment, r.Virtual || of.Virtual
			r.Seed = of.Seed
		} else if at, ok := Stamped(r.Folder); ok {
			r.Begun = at
		}
	}
}

// older says that a verdict was concluded by another edition of what counts as recovery: its numbers mean something
// else. One that doesn't say by which is taken as it is.
func older(v *verdict.Verdict) string {
	if v.Definition == 0 || v.Definition == verdict.Definition {
		return ""
	}
	return fmt.Sprintf("it was concluded by edition %d of what counts as recovery, and not by %d: regiondrill analyze "+
		"concludes it anew", v.Definition, verdict.Definition)
}
