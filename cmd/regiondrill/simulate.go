package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/simulation"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	virtualFlags
	until      float64
	confidence float64
	json       bool
	outlet     outletFlags
}

const noBrowser = "a browser can't be run in virtual time"

func (p *program) simulateCommand() *cobra.Command {
	var flags simulateFlags
	cmd := &cobra.Command{
		Use: "simulate SCENARIO…", Short: "Run a drill many times in virtual time, and tell how bad it can get",
		Long: `Run a drill many times in virtual time: the same system, links, probes, TLS and signatures as in the lab, on a clock
that jumps to the next instant at which anything happens. What computing takes is left out, and so are browser probes.
Each drill has a seed of its own, one more than the drill before, by which all is drawn: the phase of its faults,
jitter, odds, and what the scenario's block vary names. The same seeds give the same results.

The worst drill is kept as an ordinary folder beside repetition.json. Exit codes are those of run --repeat.`,
		Example: `  regiondrill simulate primary-region-outage
  regiondrill simulate mine.yaml --runs 200 --until-met 0.95 --out simulated
  regiondrill simulate tag:nightly --runs 1`,
		Args: atLeastOne("a scenario"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.simulate(cmd.Context(), args, &flags)
		},
	}
	set := cmd.Flags()
	flags.virtualFlags.bind(set, 100, "run each drill `N` times")
	set.StringVar(&flags.out, "out", "", "the `DIR` of the results, which must not hold anything yet "+
		"(default runs/TIME-NAME-simulated)")
	set.Float64Var(&flags.until, "until-met", 0, "stop as soon as it is known whether every objective is met with at "+
		"least this `PROBABILITY`, such as 0.9")
	set.Float64Var(&flags.confidence, "confidence", repetition.Confidence, "that of its bounds and answers")
	set.BoolVar(&flags.json, "json", false, "print repetition.json")
	flags.outlet.bind(set, "label the results with the `NAME` of what this stands for")
	return cmd
}

// simulate is the whole of the command.
func (p *program) simulate(ctx context.Context, args []string, flags *simulateFlags) error {
	asked := repeatFlags{times: flags.runs, said: true, until: flags.until, confidence: flags.confidence}
	if err := asked.check(runFlags{}); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "--repeat", "--runs"))
	}
	notifiers, err := p.outlet(&flags.outlet)
	if err != nil {
		return err
	}
	drills, with, err := p.simulated(args, &flags.virtualFlags)
	if err != nil {
		return err
	}
	for _, d := range drills {
		if err := flags.seeds(d, asked.rule(d).Times); err != nil {
			return err
		}
	}
	// Each drill makes a system anew and throws it away: collecting rarely is a sixth faster, for some hundred MiB more.
	defer debug.SetGCPercent(debug.SetGCPercent(collectRarely))
	now, outer := time.Now(), ""
	if len(drills) > 1 {
		if outer = flags.out; outer == "" {
			outer = history.FolderName(runsDir, now, "simulated")
		}
	}
	all, err := p.simulations(drills, with, asked, flags, outer)
	if err != nil {
		return err
	}
	ctx, brake := p.brake(ctx, "ending with the drills that have begun", flags.timeout)
	defer brake.release()
	told, failed := p.sums(ctx, all, outer)
	if len(told) == 0 && len(failed) == 1 {
		return failed[0]
	}
	codes := codesOf(told)
	for _, err := range failed {
		p.complain(err)
		codes = append(codes, endedBy(err, len(told) > 0))
	}
	if len(told) == 0 {
		return leave(first(codes))
	}
	codes = append(codes, p.tellAll(told, outer, flags.json))
	p.notify(ctx, notifiers, notices(told, flags.outlet.environment, flags.outlet.reportURL, now, outer))
	return leave(first(codes))
}

// sums are what the drills of each scenario conclude together. What ended one of them early is told, and what was done
// until then stands.
func (p *program) sums(ctx context.Context, all []*simulating, outer string) (told []*report.Report, failed []error) {
	for _, s := range eachInTurn(ctx, all) {
		set, err := p.summed(ctx, <-s)
		if err != nil {
			failed = append(failed, err)
		}
		if set == nil {
			continue
		}
		if told = append(told, set); outer != "" {
			fmt.Fprintf(p.stderr, "%s\n", setLine(set))
		}
	}
	if len(told) == 0 && outer != "" {
		os.Remove(outer) //nolint:errcheck // it goes only where it is empty
	}
	return told, failed
}

// endedBy is the exit code of what ended drills early: of a mistake of the scenario, where some of them tell something,
// that there are too few.
func endedBy(err error, told bool) int {
	if _, own := errors.AsType[*exit](err); own {
		return exitBroken
	}
	if told {
		return exitUnknown
	}
	return exitUsage
}

// collectRarely is how much the heap grows, in percent, before it is collected.
const collectRarely = 400

// simulating is a drill that is run many times, and what came of it.
type simulating struct {
	*compiled
	*simulation.Simulation
	dir     string
	base    uint64 // seed of the first
	outcome *simulation.Outcome
	took    time.Duration
	err     error
}

// simulations are those of the drills, with the folder of each.
func (p *program) simulations(
	drills []*compiled, with scenario.With, asked repeatFlags, flags *simulateFlags, outer string,
) ([]*simulating, error) {
	var all []*simulating
	for _, d := range drills {
		dir := flags.out
		switch {
		case outer != "":
			dir = filepath.Join(outer, d.scenario.Name)
		case dir == "":
			dir = history.FolderName(runsDir, time.Now(), d.scenario.Name+"-simulated")
		}
		if err := vacant(dir); err != nil {
			return nil, err
		}
		s := &simulation.Simulation{Catalog: p.catalog, Rule: asked.rule(d), Plan: p.nthPlan(d, with, flags)}
		if look := p.progress(); look != nil {
			s.Each = func(n int, _ *verdict.Verdict) { look(fmt.Sprintf("%s: %d of %d", d.scenario.Name, n, s.Rule.Times)) }
		}
		all = append(all, &simulating{compiled: d, Simulation: s, dir: dir, base: flags.base(d)})
	}
	return all, nil
}

// eachInTurn runs as many at once as there are processors, and gives each where its turn is.
func eachInTurn(ctx context.Context, all []*simulating) []chan *simulating {
	turns, room := make([]chan *simulating, len(all)), make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range turns {
		turns[i] = make(chan *simulating, 1)
	}
	go func() {
		for i, s := range all {
			room <- struct{}{}
			go func() {
				began := time.Now()
				s.outcome, s.err = s.Run(ctx, filepath.Join(s.dir, "worst"))
				s.took = time.Since(began)
				<-room
				turns[i] <- s
			}()
		}
	}()
	return turns
}

// summed writes what all drills of one scenario conclude. It is nil where none was recorded, and then leaves nothing;
// where one could not be run, what those before it conclude stands beside the error.
func (p *program) summed(ctx context.Context, s *simulating) (*report.Report, error) {
	if s.Each != nil {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
	failed := ofDrill(s.err, s.base)
	outcome := s.outcome
	if outcome == nil {
		os.Remove(s.dir) //nolint:errcheck // it goes only where it is empty
		return nil, failed
	}
	if failed == nil && outcome.Stopped != "" {
		outcome.Stopped = stopWords(ctx)
	}
	outcome.Scenario, outcome.Target = s.scenario.Name, s.plan.Record.Target // also where none was run
	set := report.Summed(outcome.Result, s.dir)
	if err := exportSet(s.dir, set); err != nil {
		return set, errors.Join(failed, broke(err))
	}
	for _, probe := range s.plan.Record.Probes {
		if probe.Skipped {
			set.Places = append(set.Places, report.Place{What: "Left out", Where: probe.Name + ": " + noBrowser})
		}
	}
	if outcome.Worst > 0 {
		worst := fmt.Sprintf("%s, drill %d", filepath.Join(s.dir, "worst", formats["html"]), outcome.Worst)
		set.Places = append(set.Places, report.Place{What: "The worst", Where: worst})
	}
	fmt.Fprintf(p.stderr, "%s: %s simulated in %s\n", s.scenario.Name, drillsOf(len(outcome.Runs)),
		s.took.Round(100*time.Millisecond))
	return set, failed
}

func drillsOf(n int) string {
	if n == 1 {
		return "1 drill"
	}
	return fmt.Sprintf("%d drills", n)
}

// nthPlan compiles the n-th drill: what varies is drawn by its seed.
func (p *program) nthPlan(d *compiled, with scenario.With, flags *simulateFlags) func(n int) (*engine.Plan, error) {
	base := flags.base(d)
	return func(n int) (*engine.Plan, error) {
		opts, err := p.virtual(flags.outlet.environment)
		if err != nil {
			return nil, err
		}
		seed := base + uint64(n-1)
		opts.Seed = &seed
		drawn := with
		drawn.Drawn = true
		drawn.Sets = append(slices.Clone(with.Sets), d.scenario.Drawn(seed)...)
		once, err := p.compileOne(d.source, drawn, opts)
		if err == nil {
			err = simulable(once)
		}
		return once.plan, drawing(err, d.scenario.Drawn(seed))
	}
}
