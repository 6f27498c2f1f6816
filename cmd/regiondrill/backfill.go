package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/runs"
)

func (p *program) metricsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "metrics", Short: "Give past runs to a Prometheus",
		Example: `  regiondrill metrics backfill runs --out runs.om`,
		Args:    p.noSuchCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.backfillCommand())
	return cmd
}

func (p *program) backfillCommand() *cobra.Command {
	var wanted wantedFlags
	var environment, out string
	cmd := &cobra.Command{
		Use: "backfill DIR…", Short: "Write the gauges of past runs, with the times at which they were pushed",
		Long: `Write the gauges of all runs below folders, with the times at which a Pushgateway would have been given them, as
OpenMetrics for promtool tsdb create-blocks-from openmetrics; and the runs at which a recovery became another, as trend
finds them. Simulated runs are left out.`,
		Example: `  regiondrill metrics backfill runs --out runs.om
  regiondrill metrics backfill /srv/drills --until 2026-11-01 --environment nightly --out runs.om`,
		Args: atLeastOne("a folder of runs"),
		RunE: func(_ *cobra.Command, args []string) error {
			filter, err := wanted.filter(time.Now())
			if err != nil {
				return err
			}
			return p.backfill(args, filter, environment, out)
		},
	}
	wanted.bind(cmd.Flags())
	cmd.Flags().StringVar(&environment, "environment", "", "the `NAME` of where those ran that were given none")
	cmd.Flags().StringVar(&out, "out", "", "write to this `FILE`, which must not be there yet, instead of standard output")
	return cmd
}

func (p *program) backfill(dirs []string, wanted runs.Filter, environment, out string) error {
	if err := writable(out); err != nil {
		return err
	}
	fill := &report.Backfill{Job: pushJob}
	told, simulated := 0, 0
	for _, dir := range dirs {
		s, err := p.shelf(dir)
		if err != nil {
			return err
		}
		for i := range s.Runs {
			s.Runs[i].Environment = cmp.Or(s.Runs[i].Environment, environment)
		}
		if err := fill.AddChanges(runs.TrendsOf(s, wanted, runs.DefaultTrend)); err != nil {
			return broke(err)
		}
		all := wanted.Only(s.Single())
		for _, r := range slices.Backward(all) {
			if r.Virtual {
				simulated++
				continue
			}
			folder := filepath.Join(s.Path, filepath.FromSlash(r.Folder))
			if why := fillOne(fill, folder, r.Environment); why != nil {
				fmt.Fprintf(p.stderr, "skipped %s: %s\n", report.Clean(folder), report.Clean(why.Error()))
				continue
			}
			told++
		}
	}
	if simulated > 0 {
		fmt.Fprintf(p.stderr, "left out: %d simulated\n", simulated)
	}
	var text bytes.Buffer
	_, err := fill.WriteTo(&text)
	switch {
	case err != nil:
	case out == "":
		_, err = p.stdout.Write(text.Bytes())
	default:
		if err = drill.Replace(out, text.Bytes()); err == nil {
			fmt.Fprintf(p.stdout, "%s: %s\n", out, count(told, told))
		}
	}
	if err != nil {
		return broke(fmt.Errorf("writing metrics: %w", err))
	}
	return nil
}

// writable refuses a file that is there, or whose folder isn't, before all runs are read for it.
func writable(file string) error {
	if file == "" {
		return nil
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s is there already: name a file that isn't by --out", file)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s for %s: make it first", filepath.Dir(file), filepath.Base(file))
	}
	return nil
}

// fillOne adds a run. Its error is why it can't be.
func fillOne(fill *report.Backfill, folder, environment string) error {
	text, err := os.ReadFile(filepath.Join(folder, formats["json"]))
	if err != nil {
		return err
	}
	v, err := comparison.ReadVerdict(text)
	if err != nil {
		return err
	}
	h, err := history.Load(folder)
	if err != nil {
		return err
	}
	dated, err := fill.Add(&report.Report{Verdict: v, History: h}, environment)
	if err == nil && !dated {
		err = errors.New("nothing tells when it was")
	}
	return err
}
