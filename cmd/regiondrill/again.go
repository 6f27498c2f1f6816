package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// longStill is a stall from which on a drill that can't tell is worth another try.
const longStill = 50 * time.Millisecond

// tooBusy says why the machine, rather than the system under test, may be what kept a drill from a pass; empty: nothing
// says so. It is what the measurement itself says of the machine, never that an objective was missed.
func tooBusy(r *report.Report) string {
	if r.Verdict.Grade != verdict.Fail && r.Verdict.Grade != verdict.Unknown {
		return ""
	}
	v := r.Verdict.Validity
	for i, reason := range v.Reasons {
		switch reason.Code {
		case verdict.Stopped, verdict.Torn, verdict.Unfinished, verdict.RigLost:
			if !notSteady(r) {
				return ""
			}
		case verdict.LateSchedule, verdict.BusyMachine:
			return v.Notes[i]
		}
	}
	for _, recovery := range r.Verdict.Recoveries {
		if recovery.MachineSlow {
			return "this machine was slow while a recovery was decided"
		}
	}
	longest := history.Instant(0)
	for _, still := range r.History.StoodStill() {
		longest = max(longest, still.Until-still.Since)
	}
	if r.Verdict.Grade == verdict.Unknown && longest.Duration() >= longStill {
		return fmt.Sprintf("it stood still for %v at a stretch", longest.Duration().Round(time.Millisecond))
	}
	return ""
}

// notSteady tells whether a drill ended because its warm-up didn't become steady.
func notSteady(r *report.Report) bool {
	return r.History.End != nil && r.History.End.Reason == history.NotSteady
}

// tooBusy is that of a drill that was measured, and of which nothing is left undone.
func (o *outcome) tooBusy() string {
	if o.report == nil || o.finished.code != exitPass {
		return ""
	}
	return tooBusy(o.report)
}

// afresh is the drill of an outcome once more, which says that it is.
func (s *session) afresh(o *outcome, why string) (*compiled, error) {
	opts, err := s.runOptions(s.flags)
	if err != nil {
		return nil, err
	}
	d, err := s.compileOne(o.source, o.with, opts)
	if err == nil {
		d.plan.Record.Again = &history.Again{Folder: filepath.Base(o.dir + aside), Grade: string(o.report.Verdict.Grade),
			Why: why}
	}
	return d, err
}

// supersede marks a folder whose drill was run again in another beside it.
func supersede(dir, by string) error {
	text, err := json.Marshal(map[string]string{"by": by})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, history.SupersededFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("marking %s, which was run again: %w", dir, err)
	}
	return nil
}

// putBack lets a drill's first folder be what counts, because the second drill was not finished: what there is of that
// is kept beside it.
func (s *session) putBack(o *outcome) error {
	const stopped = "-stopped"
	if holdsRun(o.dir) {
		if err := os.Rename(o.dir, o.dir+stopped); err != nil {
			return err
		}
		if err := supersede(o.dir+stopped, filepath.Base(o.dir)); err != nil {
			return err
		}
	}
	return os.Rename(o.dir+aside, o.dir)
}
