package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// load concludes a run from its folder alone.
func (p *program) load(dir string) (*report.Report, error) {
	h, v, err := analysis.Load(dir, p.catalog.Checks)
	if err != nil {
		return nil, fmt.Errorf("concluding %s: %w", dir, err)
	}
	return &report.Report{Verdict: v, History: h, Folder: os.DirFS(dir), Dir: dir}, nil
}

// export writes every exporter's file. One that fails keeps no other from being written.
func (p *program) export(dir string, drills []*report.Report) error {
	var errs []error
	for _, e := range p.catalog.Exporters {
		var text bytes.Buffer
		err := e.Write(&text, drills)
		if err == nil {
			err = replace(filepath.Join(dir, e.File), text.Bytes())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("writing %s: %w", filepath.Join(dir, e.File), err))
		}
	}
	return errors.Join(errs...)
}

// replace writes a file whole or not at all.
func replace(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// conclude turns what was recorded into files and words. It returns an exit code that stands beside those of the
// running. What fails keeps nothing else from being done.
func (s *session) conclude(ctx context.Context) int {
	var told []*report.Report
	var codes []int
	try := func(err error) {
		if err != nil {
			codes = append(codes, exitBroken)
			s.complain(err)
		}
	}
	for _, f := range s.finished {
		r, err := s.load(f.dir)
		if err != nil {
			try(err)
			continue
		}
		f.metrics.Conclude(r.Verdict)
		f.concluded = true
		told, codes = append(told, r), append(codes, codeOf(r.Verdict.Grade))
		if err := s.export(f.dir, []*report.Report{r}); err != nil {
			try(err)
			r.Dir = "" // there may be no page to point at
		}
	}
	if s.outer != "" {
		told = append(told, s.skipped()...)
		try(s.export(s.outer, told))
	}
	try(s.push(ctx))
	try(s.tell(told))
	return first(codes)
}

// skipped are the drills that the target can't carry, for the reports.
func (s *session) skipped() []*report.Report {
	var told []*report.Report
	for _, d := range s.drills {
		if d.skipped != nil {
			v := &verdict.Verdict{Schema: verdict.Schema, Scenario: d.scenario.Name, Target: s.flags.target, Grade: verdict.Skipped,
				Version: versionText(), Started: s.started.UTC(), Findings: []verdict.Finding{}}
			v.Validity = verdict.Validity{Grade: verdict.Skipped, Notes: []string{d.skipped.Error()}}
			told = append(told, &report.Report{Verdict: v})
		}
	}
	return told
}

// tell prints the result, with where to read more.
func (s *session) tell(told []*report.Report) error {
	if len(told) == 0 {
		return nil
	}
	format := "text"
	if s.flags.json {
		format = "json"
	}
	if err := s.show(told, format); err != nil {
		return err
	}
	if s.outer != "" && !s.flags.json {
		fmt.Fprintf(s.stdout, "\nAll of them  %s\n", filepath.Join(s.outer, formats["html"]))
	}
	return s.summarize(told)
}
