package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
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
	saying
	runs       int
	seed       uint64
	seeded     bool
	out        string
	until      float64
	confidence float64
	json       bool
	notify     []string
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
			flags.seeded = cmd.Flags().Changed("seed")
			return p.simulate(cmd.Context(), args, &flags)
		},
	}
	set := cmd.Flags()
	flags.saying.bind(set)
	set.IntVar(&flags.runs, "runs", 100, "run each drill `N` times")
	set.Uint64Var(&flags.seed, "seed", 0, "seed the first drill by this, instead of by the scenario's seed")
	set.StringVar(&flags.out, "out", "", "the `DIR` of the results, which must not hold anything yet "+
		"(default runs/TIME-NAME-simulated)")
	set.Float64Var(&flags.until, "until-met", 0, "stop as soon as it is known whether every objective is met with at "+
		"least this `PROBABILITY`, such as 0.9")
	set.Float64Var(&flags.confidence, "confidence", repetition.Confidence, "that of its bounds and answers")
	set.BoolVar(&flags.json, "json", false, "print repetition.json")
	bindNotify(set, &flags.notify)
	return cmd
}

// simulate is the whole of the command.
func (p *program) simulate(ctx context.Context, args []string, flags *simulateFlags) error {
	asked := repeatFlags{times: flags.runs, said: true, until: flags.until, confidence: flags.confidence}
	if err := asked.check(runFlags{}); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "--repeat", "--runs"))
	}
	notifiers, err := p.notifiers(flags.notify)
	if err != nil {
		return err
	}
	template, err := p.reportTemplate("")
	if err != nil {
		return err
	}
	drills, sets, err := p.simulated(args, flags)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Each drill makes a system anew and throws it away: collecting rarely is a sixth faster, for some hundred MiB more.
	defer debug.SetGCPercent(debug.SetGCPercent(collectRarely))
	now, outer := time.Now(), ""
	if len(drills) > 1 {
		if outer = flags.out; outer == "" {
			outer = history.FolderName(runsDir, now, "simulated")
		}
	}
	all, err := p.simulations(drills, sets, asked, flags, outer)
	if err != nil {
		return err
	}
	var told []*report.Report
	for _, s := range eachInTurn(ctx, all) {
		set, err := p.summed(<-s)
		if err != nil {
			return ofDraws(err)
		}
		if told = append(told, set); outer != "" {
			fmt.Fprintf(p.stderr, "%s\n", setLine(set))
		}
	}
	code := p.tellAll(told, outer, flags.json)
	p.notify(ctx, notifiers, notices(told, "", template, now, outer))
	return leave(first(append(codesOf(told), code)))
}

// collectRarely is how much the heap grows, in percent, before it is collected.
const collectRarely = 400

// simulating is a drill that is run many times, and what came of it.
type simulating struct {
	*compiled
	*simulation.Simulation
	dir     string
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
		all = append(all, &simulating{compiled: d, Simulation: s, dir: dir})
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

// simulated finds and compiles what is to be simulated.
func (p *program) simulated(args []string, flags *simulateFlags) ([]*compiled, scenario.With, error) {
	from, err := p.sources(args)
	if err != nil {
		return nil, scenario.With{}, err
	}
	opts, err := p.virtual()
	if err != nil {
		return nil, scenario.With{}, err
	}
	drills, err := p.compile(from, flags.saying, opts)
	if err != nil {
		return nil, scenario.With{}, err
	}
	sets, vars, err := flags.saying.parse()
	if err != nil {
		return nil, scenario.With{}, err
	}
	for _, d := range drills {
		d.scenario.Vary = slices.DeleteFunc(d.scenario.Vary, func(draw scenario.Draw) bool { // a flag has the last word
			return slices.ContainsFunc(sets, func(s scenario.Set) bool { return s.Path == draw.Path })
		})
	}
	drills, err = p.timeless(drills)
	return drills, p.with(sets, vars), errors.Join(err, flags.used(drills), distinct(drills))
}

// virtual are the options of a drill in virtual time.
func (p *program) virtual() (engine.Options, error) {
	opts, err := p.options("lab")
	opts.PhaseSeed, opts.WithoutBrowser, opts.Repeated, opts.Virtual = 0, noBrowser, true, true
	return opts, err
}

// timeless leaves out, of several drills, what can't be simulated, and says so; a single one is refused.
func (p *program) timeless(drills []*compiled) ([]*compiled, error) {
	var can []*compiled
	var errs []error
	for _, d := range drills {
		if why := inRealTime(d); why != "" {
			errs = append(errs, fmt.Errorf("%s can't be simulated: %s", d.name, why))
			continue
		}
		can = append(can, d)
	}
	if len(can) == 0 {
		return nil, errors.Join(errs...)
	}
	for _, err := range errs {
		fmt.Fprintf(p.stderr, "left out: %v\n", err)
	}
	return can, nil
}

// inRealTime is why a drill can't be run in virtual time, empty where it can.
func inRealTime(d *compiled) string {
	switch {
	case d.skipped != nil:
		return d.skipped.Error()
	case len(d.plan.Reaches()) > 0:
		return "it asks " + strings.Join(d.plan.Reaches(), ", ") + ", where time is real"
	case d.scenario.System.KMS.Backend == "localstack":
		return "its KMS is LocalStack in a container, where time is real"
	case len(d.plan.Executes()) > 0:
		return "it runs programs, which are in real time"
	case !slices.ContainsFunc(d.plan.Record.Probes, func(p history.Probe) bool { return !p.Skipped }):
		return "it has browser probes only, and " + noBrowser
	}
	for _, probe := range d.plan.Record.Probes {
		if !probe.Skipped && len(probe.Needs) > 0 {
			return "its probe " + probe.Name + " runs a program, which is in real time"
		}
	}
	return ""
}

// simulable is the mistake of a draw that can't be run in virtual time, nil where it can.
func simulable(d *compiled) error {
	if why := inRealTime(d); why != "" {
		return scenario.Join(d.scenario.Block.Errorf("vary", "what was drawn can't be simulated: %s", why))
	}
	return nil
}

// summed writes what all drills of one scenario conclude.
func (p *program) summed(s *simulating) (*report.Report, error) {
	if s.err != nil {
		return nil, s.err
	}
	outcome := s.outcome
	outcome.Scenario, outcome.Target = s.scenario.Name, s.plan.Record.Target // also where none was run
	set := report.Summed(outcome.Result, s.dir)
	if err := exportSet(s.dir, set); err != nil {
		return nil, err
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
	if s.Each != nil {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
	fmt.Fprintf(p.stderr, "%s: %d drills simulated in %s\n", s.scenario.Name, len(outcome.Runs),
		s.took.Round(100*time.Millisecond))
	return set, nil
}

// nthPlan compiles the n-th drill: what varies is drawn by its seed.
func (p *program) nthPlan(d *compiled, with scenario.With, flags *simulateFlags) func(n int) (*engine.Plan, error) {
	base := d.plan.Record.Seed
	if flags.seeded {
		base = flags.seed
	}
	return func(n int) (*engine.Plan, error) {
		opts, err := p.virtual()
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
		return once.plan, err
	}
}

// ofDraws tells what ended a simulation: settings that are well each, and a mistake together, are the scenario's.
func ofDraws(err error) error {
	if _, mistake := errors.AsType[scenario.Errors](err); mistake {
		return fmt.Errorf("what was drawn can't stand together: %w", err)
	}
	return broke(err)
}

// progress rewrites one line of a terminal; it is nil where nobody watches.
func (p *program) progress() func(said string) {
	if !terminal(p.stderr) {
		return nil
	}
	var mu sync.Mutex
	var last time.Time
	return func(said string) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(last) > 100*time.Millisecond {
			last = now
			fmt.Fprintf(p.stderr, "\r%s\x1b[K", said)
		}
	}
}
