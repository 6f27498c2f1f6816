package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
)

// recovery is how killed runs are taken up.
type recovery struct {
	gateway     *report.Gateway // nil where none was named
	grafana     *report.Grafana // nil where none was named
	environment string          // "" leaves the one that the run was given
}

func (p *program) recoverCommand() *cobra.Command {
	var pushGateway, grafana string
	var how recovery
	cmd := &cobra.Command{
		Use: "recover [DIR]", Short: "Undo what a killed run left",
		Long: `Undo what killed runs left, last change first, and conclude what they recorded. Without DIR all runs of this user
whose process is gone; a run that lives is left alone. With --push-gateway, boards are told of each that it is over.
Exits with 3 where something still could not be undone, with 70 where a result could not be written.`,
		Example: `  regiondrill recover
  regiondrill recover runs/20261123T155611Z-primary-region-outage`,
		Args: atMostOne("a run's folder"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if how.gateway, err = gatewayAt(pushGateway); err != nil {
				return err
			}
			if how.grafana, err = p.grafanaAt(grafana); err != nil {
				return err
			}
			return p.recover(cmd.Context(), args, how)
		},
	}
	cmd.Flags().StringVar(&pushGateway, "push-gateway", "", "tell the Pushgateway at `URL` that the runs are over")
	bindGrafana(cmd.Flags(), &grafana, "when faults of the runs were in force")
	cmd.Flags().StringVar(&how.environment, "environment", "",
		"push under the `NAME` of where they ran, instead of the one that each was given")
	return cmd
}

func (p *program) recover(ctx context.Context, args []string, how recovery) error {
	left, live, err := drill.UserRuns(p.getenv).Residue()
	if err != nil && len(args) == 0 {
		return fmt.Errorf("listing the open runs: %w", err)
	}
	if len(args) == 1 {
		left, err = only(args[0], left, live)
		if err != nil {
			return err
		}
	}
	codes := []int{exitPass}
	for _, run := range left {
		p.warn(run.Inherit())
	}
	for _, run := range left {
		codes = append(codes, p.recoverRun(ctx, run, how))
	}
	swept := 0
	if len(args) == 0 {
		if swept, err = p.sweep(ctx); err != nil {
			codes = append(codes, exitNotUndone)
			p.complain(err)
		}
	}
	ended, others := first(codes), 0
	for _, run := range live {
		if run.Heir != 0 && len(args) == 0 {
			fmt.Fprintf(p.stdout, "%s: process %d is recovering it\n", run.Folder, run.Heir)
			others++
		}
	}
	if len(left)+swept+others == 0 && ended == exitPass {
		fmt.Fprintln(p.stdout, "nothing is left to undo")
	}
	return leave(ended)
}

// sweep removes what runs that are gone have left outside their folders. It is what keeps some targets from being
// ready.
func (p *program) sweep(ctx context.Context) (swept int, err error) {
	var errs []error
	sweepers := p.catalog.Sweepers()
	for _, name := range slices.Sorted(maps.Keys(sweepers)) {
		gone, err := sweepers[name].Sweep(ctx)
		for _, thing := range gone {
			fmt.Fprintf(p.stdout, "removed %s\n", thing)
		}
		swept += len(gone)
		if err != nil {
			errs = append(errs, fmt.Errorf("sweeping up after %s: %w", name, err))
		}
	}
	return swept, errors.Join(errs...)
}

// only picks the run of a folder; one that isn't on the list is recovered by its folder alone.
func only(dir string, left, live []*drill.OpenRun) ([]*drill.OpenRun, error) {
	folder, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if !holdsRun(folder) {
		return nil, fmt.Errorf("%s is no run's folder: there is no %s in it", dir, history.HistoryFile)
	}
	for _, run := range live {
		switch {
		case run.Folder != folder:
		case run.Heir != 0:
			return nil, fmt.Errorf("%s is a run that process %d is recovering; wait until that is done", dir, run.Heir)
		default:
			return nil, fmt.Errorf("%s is a run that lives (process %d); stop it first: touch %s",
				dir, run.PID, filepath.Join(dir, history.StopFile))
		}
	}
	for _, run := range left {
		if run.Folder == folder {
			return []*drill.OpenRun{run}, nil
		}
	}
	return []*drill.OpenRun{{Folder: folder}}, nil
}

// tellKept tells what the run's keeper did before anybody asked.
func (p *program) tellKept(folder string) {
	kept, err := history.ReadKept(folder)
	p.warn(err)
	for _, k := range kept {
		fmt.Fprintf(p.stdout, "%s: at %s UTC: %s\n", folder, k.At.Format(time.TimeOnly), k.Said)
	}
}

// recoverRun undoes what is left of one run and concludes it. It returns an exit code. A run that is undone is off the
// list whatever becomes of its results: analyze writes them again.
func (p *program) recoverRun(ctx context.Context, run *drill.OpenRun, how recovery) int {
	runner := p.runner()
	runner.Tell = func(sentence string) { fmt.Fprintf(p.stdout, "%s: %s\n", run.Folder, sentence) }
	p.tellKept(run.Folder)
	undone, err := runner.Undo(ctx, run.Folder)
	switch {
	case errors.Is(err, drill.ErrGone):
		fmt.Fprintf(p.stdout, "%s: its folder is gone; there is nothing to go by\n", run.Folder)
		run.Remove()
		return exitPass
	case err != nil:
		p.complain(err)
		run.Keep()
		return exitNotUndone
	}
	defer run.Remove()
	switch undone {
	case 0:
		fmt.Fprintf(p.stdout, "%s: nothing was left to undo\n", run.Folder)
	default:
		fmt.Fprintf(p.stdout, "%s: undone (%d left by the run)\n", run.Folder, undone)
	}
	concluded, err := runner.Conclude(run.Folder)
	if concluded == nil { // a run that was killed before it wrote anything down
		fmt.Fprintf(p.stdout, "%s: nothing to conclude: %v\n", run.Folder, err)
		return exitPass
	}
	environment := cmp.Or(how.environment, concluded.History.Plan.Environment)
	p.annotate(ctx, how.grafana, report.AnnotationsOf(concluded, environment))
	if how.gateway != nil {
		p.warn(carry(ctx, report.Replay(concluded).PushRecovered, how.gateway, environment))
	}
	if err != nil {
		p.complain(err)
		return exitBroken
	}
	return exitPass
}
