package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
)

func (p *program) analyzeCommand() *cobra.Command {
	var format string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "analyze DIR…", Short: "Conclude again from a run's folder alone",
		Long: `Conclude again from the history in a run's folder, and rewrite verdict.json, report.html, junit.xml, summary.md and
metrics.prom there. The folder of several drills does for all of them. Exits by the grade, as run does.`,
		Example: `  regiondrill analyze runs/20261123T155611Z-primary-region-outage
  regiondrill analyze result --format markdown`,
		Args: atLeastOne("a run's folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			if asJSON {
				format = "json"
			}
			return p.analyze(args, format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "what to print: text, json, html, junit, markdown or prom")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	return cmd
}

func (p *program) analyze(dirs []string, format string) error {
	if _, known := formats[format]; !known && format != "text" {
		return fmt.Errorf("there is no format %q; known are text, %v", format, keysOf(formats))
	}
	var all []*report.Report
	var codes []int
	for _, dir := range dirs {
		told, err := p.analyzeOne(dir)
		if err != nil {
			return err
		}
		all = append(all, told...)
	}
	for _, r := range all {
		codes = append(codes, codeOf(r.Verdict.Grade))
	}
	p.warn(p.show(all, format))
	return leave(first(codes))
}

// analyzeOne concludes one folder: a run's, or that of several drills side by side.
func (p *program) analyzeOne(dir string) ([]*report.Report, error) {
	if holdsRun(dir) {
		r, err := p.runner().Load(dir)
		if err != nil {
			return nil, err
		}
		return []*report.Report{r}, p.exported(dir, []*report.Report{r})
	}
	inner, err := runsIn(dir)
	if err != nil {
		return nil, err
	}
	var all []*report.Report
	for _, d := range inner {
		told, err := p.analyzeOne(d)
		if err != nil {
			return nil, err
		}
		all = append(all, told...)
	}
	return all, p.exported(dir, all)
}

// exported is export with the exit code of what it failed at.
func (p *program) exported(dir string, drills []*report.Report) error {
	if err := p.runner().Export(dir, drills); err != nil {
		return broke(err)
	}
	return nil
}

func holdsRun(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, history.HistoryFile))
	return err == nil && info.Mode().IsRegular()
}

// runsIn lists the runs in the folder of several drills, in the order in which they began.
func runsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading a run: %w", err)
	}
	var inner []string
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); e.IsDir() && holdsRun(path) {
			inner = append(inner, path)
		}
	}
	if inner == nil {
		return nil, fmt.Errorf("%s is no run's folder: there is no %s in it", dir, history.HistoryFile)
	}
	slices.Sort(inner)
	return inner, nil
}
