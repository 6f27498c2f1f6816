package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// concludable tells whether a folder is a run's, or that of a drill which was repeated.
func concludable(dir string) bool { return holdsRun(dir) || repetition.Holds(dir) }

// loadOne concludes a run, or all runs of a drill that was repeated, and writes nothing.
func (p *program) loadOne(dir string) (*report.Report, error) {
	if holdsRun(dir) {
		return p.runner().Load(dir)
	}
	r, err := repetition.Read(dir)
	if err != nil {
		return nil, err
	}
	if !r.Kept(dir) {
		fmt.Fprintf(p.stderr, "note: not all drills of %s were kept, so what they concluded together stands\n", dir)
		return report.Summed(r, dir), nil
	}
	series := r.Again()
	var named []string
	for i, run := range r.Runs {
		one, err := p.runner().Load(filepath.Join(dir, run.Folder))
		if err != nil {
			return nil, err
		}
		v := one.Verdict
		if i == 0 {
			named = findingsOf(v)
		}
		if v.Scenario != r.Scenario || !slices.Equal(findingsOf(v), named) {
			return nil, fmt.Errorf("%s is no drill of %s as the others in %s are: it is of %s, and its checks may be others",
				filepath.Join(dir, run.Folder), r.Scenario, dir, v.Scenario)
		}
		series.Add(run.Folder, v)
	}
	again := series.Result()
	again.Scenario, again.Target = r.Scenario, cmp.Or(again.Target, r.Target) // also where none was run
	return report.Summed(again, dir), nil
}

func findingsOf(v *verdict.Verdict) []string {
	var names []string
	for _, f := range v.Findings {
		names = append(names, f.Name)
	}
	return names
}

// exportOne writes the files of a run into a folder, or of a drill that was repeated those of each of its runs, in
// folders below, and those of all.
func (p *program) exportOne(out string, r *report.Report) error {
	if r.Set == nil {
		return p.runner().Export(out, []*report.Report{r})
	}
	var errs []error
	for _, run := range r.Set.Runs {
		dir, to := filepath.Join(r.Dir, run.Folder), filepath.Join(out, run.Folder)
		if run.Folder == "" || !filepath.IsLocal(run.Folder) || !holdsRun(dir) {
			continue
		}
		one, err := p.runner().Load(dir) // once more: many histories may take more memory than there is
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if to != dir {
			one.Out = to
			errs = append(errs, os.MkdirAll(to, 0o700))
		}
		errs = append(errs, p.runner().Export(to, []*report.Report{one}))
	}
	return brokeBy(append(errs, exportSet(out, r)))
}
