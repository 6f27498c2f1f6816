// Package runs reads a folder of past runs: what each of them came to, in few words, and how that went over time. The
// folders are the record; what is kept beside them only saves reading them again.
package runs

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Shelf is a folder of runs.
type Shelf struct {
	Path    string
	Runs    []Run // newest first
	Skipped []comparison.Skipped
	// Remembered is how many of the runs were not read again, because nothing has changed since they were.
	Remembered int
}

// Run is one of them, or many drills of one scenario that were run together.
type Run struct {
	Folder string `json:"folder"` // below the shelf's, with slashes
	// Unit is the folder that one command wrote: the run's own, or that of several drills or repetitions around it.
	Unit string `json:"unit"`
	// Of is the repetition that it is one drill of, by its folder; empty where it stands by itself.
	Of string `json:"of,omitempty"`

	Scenario    string        `json:"scenario"`
	Target      string        `json:"target"`
	Environment string        `json:"environment,omitempty"`
	Version     string        `json:"version,omitempty"`
	Seed        uint64        `json:"seed"`
	Begun       time.Time     `json:"begun"` // of a simulated one, when that was done: its own date means nothing
	Grade       verdict.Grade `json:"grade"`
	Virtual     bool          `json:"virtual,omitempty"`
	LeftOut     string        `json:"left_out,omitempty"` // why what it measured counts nowhere
	Recoveries  []Recovery    `json:"recoveries,omitempty"`
	Repetition  *Repetition   `json:"repetition,omitempty"`
	Report      bool          `json:"report"`  // there is a page of it
	History     bool          `json:"history"` // there is what it was concluded from; else the verdict alone

	size    int64 // of its verdict's file, and when that was written
	written time.Time
}

// Recovery is what a check of a recovery found.
type Recovery struct {
	Check string           `json:"check"` // its name
	Probe string           `json:"probe"`
	Fault string           `json:"fault"`
	Grade verdict.Grade    `json:"grade"`
	Lower verdict.Seconds  `json:"lower"`
	Upper *verdict.Seconds `json:"upper"` // nil where nobody was seen to be back
	// Never is that nobody recovered while the fault lasted, which was watched for Lower at least; Told is false where
	// nothing can be told, and no number means anything.
	Never  bool             `json:"never,omitempty"`
	Told   bool             `json:"told"`
	Within *verdict.Seconds `json:"within,omitempty"`
	Phases *verdict.Phases  `json:"phases,omitempty"`
	Every  verdict.Seconds  `json:"every,omitempty"` // how often these people come
}

// Repetition is what many drills came to.
type Repetition struct {
	Drills     int         `json:"drills"`
	Objectives []Objective `json:"objectives"`
}

// Objective is a check over all of them.
type Objective struct {
	Name string `json:"name"`
	Met  int    `json:"met"`
	Of   int    `json:"of"`
}

// Base is the name of the run's folder alone.
func (r *Run) Base() string { return path.Base(r.Folder) }

// Page is the file of its folder that one looks at.
func (r *Run) Page() string {
	if r.Repetition != nil {
		return repetitionPage
	}
	return reportFile
}

// one is what tells a drill from all others.
type one struct {
	scenario string
	seed     uint64
	begun    int64
}

func (r *Run) one() one { return one{r.Scenario, r.Seed, r.Begun.UnixNano()} }

// Standing are the runs as they are listed: a repetition stands for its drills, and a run for the verdicts of it that
// lie elsewhere, such as in a folder of merged parts.
func (s *Shelf) Standing() []Run {
	whole := map[one]bool{}
	for _, r := range s.Runs {
		whole[r.one()] = whole[r.one()] || r.History
	}
	return slices.DeleteFunc(slices.Clone(s.Runs), func(r Run) bool {
		return r.Of != "" || r.Repetition == nil && !r.History && whole[r.one()]
	})
}

// Single are the runs that were one drill each, those of repetitions among them, and each but once: where a folder was
// copied, or its verdict lies elsewhere too, the one with a history counts.
func (s *Shelf) Single() []Run {
	at := map[one]int{}
	var all []Run
	for _, r := range s.Runs {
		i, seen := at[r.one()]
		switch {
		case r.Repetition != nil:
		case !seen:
			at[r.one()], all = len(all), append(all, r)
		case r.History && !all[i].History:
			all[i] = r
		}
	}
	return all
}

// Filter says which runs are wanted. What is empty asks for nothing.
type Filter struct {
	Scenario, Target string
	Grade            verdict.Grade
	Since, Until     time.Time // Until is the first instant that is too late
}

// Only keeps what is wanted.
func (f Filter) Only(all []Run) []Run {
	return slices.DeleteFunc(slices.Clone(all), func(r Run) bool {
		return f.Scenario != "" && r.Scenario != f.Scenario || f.Target != "" && r.Target != f.Target ||
			f.Grade != "" && r.Grade != f.Grade || !f.Since.IsZero() && r.Begun.Before(f.Since) ||
			!f.Until.IsZero() && !r.Begun.Before(f.Until)
	})
}

// Find are the runs that a word means: the one whose folder it names, or those whose folder's name begins with it.
func (s *Shelf) Find(word string) []Run {
	if word = strings.TrimSuffix(word, "/"); word == "" {
		return nil
	}
	var found []Run
	for _, r := range s.Runs {
		if r.Folder == word {
			return []Run{r}
		}
		if strings.HasPrefix(r.Folder, word) || r.Of == "" && strings.HasPrefix(r.Base(), word) {
			found = append(found, r)
		}
	}
	return slices.DeleteFunc(found, func(r Run) bool { // a repetition stands for its drills
		return slices.ContainsFunc(found, func(o Run) bool { return r.Of == o.Folder })
	})
}

// Unit is what one command wrote.
type Unit struct {
	Folder string
	Begun  time.Time // of its newest run
	Runs   int
}

// Units are what commands wrote, newest first.
func (s *Shelf) Units() []Unit {
	at := map[string]int{}
	var all []Unit
	for _, r := range s.Runs {
		i, known := at[r.Unit]
		if !known {
			i = len(all)
			at[r.Unit], all = i, append(all, Unit{Folder: r.Unit})
		}
		if r.Begun.After(all[i].Begun) {
			all[i].Begun = r.Begun
		}
		if r.Repetition == nil {
			all[i].Runs++
		}
	}
	slices.SortStableFunc(all, func(a, b Unit) int { return b.Begun.Compare(a.Begun) })
	return all
}

func newestFirst(a, b Run) int {
	return cmp.Or(b.Begun.Compare(a.Begun), strings.Compare(a.Folder, b.Folder))
}
