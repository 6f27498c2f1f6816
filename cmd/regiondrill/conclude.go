package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// reportFile is the page to look at.
const reportFile = "report.html"

// load concludes a run from its folder alone.
func (p *program) load(dir string) (*drillReport, error) {
	h, v, err := analysis.Load(dir, p.catalog.Checks)
	if err != nil {
		return nil, fmt.Errorf("concluding %s: %w", dir, err)
	}
	return &drillReport{Verdict: v, History: h, Folder: os.DirFS(dir), Dir: dir}, nil
}

// export writes every exporter's file. One that fails keeps no other from being written.
func export(dir string, drills []*drillReport) error {
	var errs []error
	for _, e := range exporterTable() {
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
// running.
func (s *session) conclude() int {
	worst := exitPass
	var told []*drillReport
	var codes []int
	for _, f := range s.finished {
		r, err := s.load(f.dir)
		if err == nil {
			told, codes = append(told, r), append(codes, codeOf(r.Verdict.Grade))
			err = export(f.dir, []*drillReport{r})
		}
		if err != nil {
			worst = exitBroken
			s.complain(err)
		}
	}
	if s.outer != "" {
		told = append(told, s.skipped()...)
		if err := export(s.outer, told); err != nil {
			worst = exitBroken
			s.complain(err)
		}
	}
	if err := s.tell(told); err != nil {
		worst = exitBroken
		s.complain(err)
	}
	return first(append(codes, worst))
}

// skipped are the drills that the target can't carry, for the reports.
func (s *session) skipped() []*drillReport {
	var told []*drillReport
	for _, d := range s.drills {
		if d.skipped != nil {
			v := &verdict.Verdict{Schema: verdict.Schema, Scenario: d.scenario.Name, Target: s.flags.target, Grade: verdict.Skipped,
				Version: versionText(), Started: s.started.UTC(), Findings: []verdict.Finding{}}
			v.Validity = verdict.Validity{Grade: verdict.Skipped, Notes: []string{d.skipped.Error()}}
			told = append(told, &drillReport{Verdict: v})
		}
	}
	return told
}

// tell prints the result, and where to read more.
func (s *session) tell(told []*drillReport) error {
	if len(told) == 0 {
		return nil
	}
	if err := s.show(told, "text", s.flags.json); err != nil {
		return err
	}
	where := s.outer
	if where == "" {
		where = s.finished[0].dir
	}
	if !s.flags.json {
		fmt.Fprintf(s.stdout, "\nThe report lies in %s\n", filepath.Join(where, reportFile))
	}
	return s.summarize(told)
}
