package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

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
	s.annotate(ctx, s.grafana, report.AnnotationsOf(r, s.flags.environment))
	if err != nil {
		s.complain(err)
		return r, exitBroken
	}
	return r, codeOf(r.Verdict.Grade)
}

// turnOf is where a drill stands among all, as they were named.
func (s *session) turnOf(r *report.Report) int {
	return slices.IndexFunc(s.drills, func(d *compiled) bool { return d.scenario.Name == r.Verdict.Scenario })
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

// tell prints the results, with where to read more, and writes the aggregate of several drills.
func (s *session) tell() int {
	slices.SortStableFunc(s.told, func(a, b *report.Report) int { return cmp.Compare(s.turnOf(a), s.turnOf(b)) })
	if s.outer != "" {
		s.told = append(s.told, s.unrun()...)
	}
	return s.tellAll(s.told, s.outer, s.flags.json)
}

// tellAll prints what was concluded, and writes the aggregate of several drills into the folder around them, "" for
// one. Who prints or sums up only carries the results elsewhere.
func (p *program) tellAll(told []*report.Report, outer string, json bool) int {
	if len(told) == 0 {
		return exitPass
	}
	code := exitPass
	if outer != "" {
		if err := p.runner().Export(outer, told); err != nil {
			p.complain(err)
			code = exitBroken
		}
	}
	format := "text"
	if json {
		format = "json"
	}
	p.warn(p.show(told, format))
	p.warn(p.summarize(told))
	if outer != "" && !json {
		fmt.Fprintf(p.stdout, "\n%s%s.\nAll of them  %s\n", report.Tally(told), ranAgain(told),
			filepath.Join(outer, formats["html"]))
	}
	return code
}

// codesOf are the exit codes by what was concluded; what was skipped has none.
func codesOf(told []*report.Report) []int {
	var codes []int
	for _, r := range told {
		if r.Verdict.Grade != verdict.Skipped {
			codes = append(codes, codeOf(r.Verdict.Grade))
		}
	}
	return codes
}

// ranAgain tells how many drills were run again alone.
func ranAgain(told []*report.Report) string {
	n := 0
	for _, r := range told {
		if r.History != nil && r.History.Plan.Again != nil {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d run again alone, as this machine was too busy beside others", n)
}
