package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// conclude turns what a drill recorded into files, and tells the Pushgateway. It returns an exit code that stands
// beside that of the running. What fails keeps nothing else from being done.
func (s *session) conclude(ctx context.Context, f *finished) int {
	r, err := s.runner().Conclude(f.dir)
	if r == nil {
		s.complain(err)
		return exitBroken
	}
	f.metrics.Conclude(r.Verdict)
	s.told = append(s.told, r)
	if err := errors.Join(err, s.push(ctx, f.metrics)); err != nil {
		s.complain(err)
		return exitBroken
	}
	return codeOf(r.Verdict.Grade)
}

// skipped are the drills that the target can't carry, for the reports.
func (s *session) skipped() []*report.Report {
	var told []*report.Report
	for _, d := range s.drills {
		if d.skipped != nil {
			v := &verdict.Verdict{
				Schema: verdict.Schema, Scenario: d.scenario.Name, Target: s.flags.target, Grade: verdict.Skipped,
				Version: versionText(), Started: s.started.UTC(), Findings: []verdict.Finding{},
			}
			v.Validity = verdict.Validity{Grade: verdict.Skipped, Notes: []string{d.skipped.Error()}}
			told = append(told, &report.Report{Verdict: v})
		}
	}
	return told
}

// tell prints the results, with where to read more, and writes the aggregate of several drills.
func (s *session) tell() int {
	var errs []error
	if s.outer != "" {
		s.told = append(s.told, s.skipped()...)
		errs = append(errs, s.runner().Export(s.outer, s.told))
	}
	if len(s.told) > 0 {
		format := "text"
		if s.flags.json {
			format = "json"
		}
		errs = append(errs, s.show(s.told, format), s.summarize(s.told))
	}
	if s.outer != "" && !s.flags.json {
		fmt.Fprintf(s.stdout, "\nAll of them  %s\n", filepath.Join(s.outer, formats["html"]))
	}
	if err := errors.Join(errs...); err != nil {
		s.complain(err)
		return exitBroken
	}
	return exitPass
}
