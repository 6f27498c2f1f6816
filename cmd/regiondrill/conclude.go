package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// conclude turns what a drill recorded into files, and tells the Pushgateway. It returns an exit code that stands
// beside that of the running. What fails keeps nothing else from being done.
func (s *session) conclude(ctx context.Context, f *finished) int {
	r, code := s.concluded(ctx, f)
	if r == nil {
		return code
	}
	s.told = append(s.told, r)
	if s.outer != "" {
		fmt.Fprintf(s.stderr, "%s %s\n\n", f.scenario.Name, report.Line(r))
	}
	return code
}

// concluded is conclude of a drill that is told of elsewhere. The report is nil where nothing could be read.
func (s *session) concluded(ctx context.Context, f *finished) (*report.Report, int) {
	r, err := s.runner().Conclude(f.dir)
	if r == nil {
		s.complain(err)
		return nil, exitBroken
	}
	f.metrics.Conclude(r.Verdict)
	s.push(ctx, f.metrics)
	if err != nil {
		s.complain(err)
		return r, exitBroken
	}
	return r, codeOf(r.Verdict.Grade)
}

// unrun are the drills that were not run, for the reports: those that the target can't carry are skipped, and of those
// that were not begun nobody can say anything.
func (s *session) unrun() []*report.Report {
	var told []*report.Report
	for _, d := range s.drills {
		grade, code, why := verdict.Skipped, verdict.NotCarried, d.skipped
		if why == nil {
			grade, code, why = verdict.Unknown, verdict.NotBegun, d.notBegun
		}
		if why == nil {
			continue
		}
		v := &verdict.Verdict{
			Schema: verdict.Schema, Scenario: d.scenario.Name, Target: s.flags.target, Grade: grade,
			Version: versionText(), Started: s.started.UTC(), Findings: []verdict.Finding{},
		}
		v.Validity = verdict.Validity{Grade: grade, Notes: []string{why.Error()},
			Reasons: []verdict.Reason{{Code: code, Ends: grade == verdict.Unknown}}}
		told = append(told, &report.Report{Verdict: v})
	}
	return told
}

// tell prints the results, with where to read more, and writes the aggregate of several drills. Who prints or sums up
// only carries the results elsewhere.
func (s *session) tell() int {
	code := exitPass
	if s.outer != "" {
		s.told = append(s.told, s.unrun()...)
	}
	if s.outer != "" && len(s.told) > 0 { // drills that were repeated have told together
		if err := s.runner().Export(s.outer, s.told); err != nil {
			s.complain(err)
			code = exitBroken
		}
	}
	if len(s.told) > 0 {
		format := "text"
		if s.flags.json {
			format = "json"
		}
		s.warn(s.show(s.told, format))
		s.warn(s.summarize(s.told))
	}
	if s.outer != "" && len(s.told) > 0 && !s.flags.json {
		fmt.Fprintf(s.stdout, "\n%s.\nAll of them  %s\n", report.Tally(s.told), filepath.Join(s.outer, formats["html"]))
	}
	return code
}
