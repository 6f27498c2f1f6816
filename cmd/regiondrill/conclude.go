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

// conclude turns what a drill recorded into files, and tells the Pushgateway. It returns an exit code that stands beside
// that of the running. What fails keeps nothing else from being done.
func (s *session) conclude(ctx context.Context, f *finished) int {
	r, err := s.load(f.dir)
	if err != nil {
		s.complain(err)
		return exitBroken
	}
	f.metrics.Conclude(r.Verdict)
	s.told = append(s.told, r)
	err = s.export(f.dir, []*report.Report{r})
	if err != nil {
		r.Dir = "" // there may be no page to point at
	}
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
			v := &verdict.Verdict{Schema: verdict.Schema, Scenario: d.scenario.Name, Target: s.flags.target, Grade: verdict.Skipped,
				Version: versionText(), Started: s.started.UTC(), Findings: []verdict.Finding{}}
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
		errs = append(errs, s.export(s.outer, s.told))
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
