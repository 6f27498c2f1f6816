package main

import (
	"bytes"
	"cmp"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/runs"
)

func (p *program) trendCommand() *cobra.Command {
	var wanted wantedFlags
	var asJSON, fail bool
	var address string
	alpha := runs.DefaultTrend.Alpha
	cmd := &cobra.Command{
		Use: "trend [DIR]", Short: "Tell how recovery went over past runs, and since when it is another",
		Long: `Tell how the recovery that checks judge went over the runs of a folder, by scenario, target and environment: the median,
and the runs at which it changed, with the medians before and after. Exits 0, or with --fail-on-worse 1 where the latest
change of a recovery is for the worse.`,
		Example: `  regiondrill trend
  regiondrill trend /srv/drills --scenario primary-region-outage --since 90d --fail-on-worse`,
		Args: atMostOne("a folder of runs"),
		RunE: func(cmd *cobra.Command, args []string) error {
			grafana, err := p.grafanaAt(address)
			if err != nil {
				return err
			}
			filter, err := wanted.filter(time.Now())
			if err != nil {
				return err
			}
			if !(alpha >= 0.001 && alpha < 1) {
				return errors.New("--alpha must be at least 0.001 and below 1")
			}
			rule := runs.DefaultTrend
			rule.Alpha = alpha
			all, err := p.trend(cmp.Or(append(args, runsDir)...), filter, rule, asJSON)
			if err != nil {
				return err
			}
			p.annotate(cmd.Context(), grafana, report.AnnotationsOfChanges(all))
			if fail && all.Worse {
				return leave(exitFail)
			}
			return nil
		},
	}
	wanted.bind(cmd.Flags())
	set := cmd.Flags()
	set.BoolVar(&asJSON, "json", false, "print JSON")
	bindGrafana(set, &address, "the runs at which a measure changed")
	set.BoolVar(&fail, "fail-on-worse", false, "exit with 1 where the latest change of a recovery is for the worse")
	set.Float64Var(&alpha, "alpha", alpha, "the `PROBABILITY` with which a change of a measure may be found where there "+
		"is none")
	return cmd
}

func (p *program) trend(dir string, wanted runs.Filter, rule runs.TrendRule, asJSON bool) (*runs.Trends, error) {
	s, err := p.shelf(dir)
	if err != nil {
		return nil, err
	}
	all := runs.TrendsOf(s, wanted, rule)
	if asJSON {
		err = p.json(all)
	} else {
		var text bytes.Buffer
		if err = report.TrendText(&text, all, p.look()); err == nil {
			_, err = p.stdout.Write(text.Bytes())
		}
	}
	if err != nil {
		return nil, broke(err)
	}
	return all, nil
}
