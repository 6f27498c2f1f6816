package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// runFlags are the flags of run, some of which other commands share.
type runFlags struct {
	target string
	saying
	seed           uint64
	seeded         bool
	phase          uint64
	out            string
	outSaid        bool
	withoutBrowser bool
	timeout        time.Duration
	listen         string
	pushGateway    string
	remoteWrite    string
	grafana        string
	environment    string
	origin         originFlags
	allow          []string
	allowExec      bool
	parallel       string
	shard          shard
	json           bool
	rehearse       bool
	repeat         repeatFlags
	notify         []string
}

func (p *program) runCommand() *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use: "run SCENARIO…", Short: "Run drills, and tell how long people could not sign in",
		Long: `Run drills. SCENARIO is a file, a folder of them, - for standard input, tag:NAME for all scenarios with that tag, or
the name of one: of the folder drills (or REGIONDRILL_SCENARIOS), or of those that come with the program.

Exit code: 0 all objectives met, 1 an objective missed, 2 unknown (not validly measured, or stopped), 3 something
could not be undone, 64 can't start, 70 the harness broke. The first Ctrl-C, a file named stop in the run's folder,
and --timeout heal and conclude; a second Ctrl-C, a second later or more, stops at once.`,
		Example: `  regiondrill run primary-region-outage
  regiondrill run mine.yaml --set faults.0.mode=refuse --out result
  regiondrill run tag:nightly --without-browser --push-gateway http://pushgateway:9091`,
		Args: atLeastOne("a scenario"),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.seeded, flags.outSaid = cmd.Flags().Changed("seed"), cmd.Flags().Changed("out")
			flags.repeat.said = cmd.Flags().Changed("repeat")
			return p.run(cmd.Context(), args, flags)
		},
	}
	flags.bind(cmd.Flags())
	flags.repeat.bind(cmd.Flags())
	bindNotify(cmd.Flags(), &flags.notify)
	return cmd
}

func (f *runFlags) bind(set *pflag.FlagSet) {
	set.StringVar(&f.target, "target", "lab", "where the system under test runs")
	f.saying.bind(set)
	set.Uint64Var(&f.seed, "seed", 0, "seed all that is drawn, the phase included, instead of by the scenario's seed")
	set.Uint64Var(&f.phase, "phase", 0, "seed the phase of each probe's schedule alone; 0 lets it be drawn anew")
	set.StringVar(&f.out, "out", "", "the run's `DIR`, which must not hold anything yet (default runs/TIME-NAME)")
	set.BoolVar(&f.withoutBrowser, "without-browser", false, "leave browser probes out, and the checks that name them")
	set.DurationVar(&f.timeout, "timeout", 0, "heal and conclude after this long")
	set.StringVar(&f.listen, "listen", "", "serve /metrics at `ADDR` while it runs, on loopback unless it names a host; "+
		"there also LocalStack's chaos API, for the rules on calls")
	set.StringVar(&f.pushGateway, "push-gateway", "", "push the last run's gauges to the Pushgateway at `URL`")
	set.StringVar(&f.remoteWrite, "remote-write", "",
		"write the last run's gauges to the receiver of Prometheus's Remote-Write at `URL`")
	bindGrafana(set, &f.grafana, "when faults were in force, with the outcome,")
	set.StringVar(&f.environment, "environment", "", "label the results with the `NAME` of where this runs")
	set.StringVar(&f.origin.reportURL, "report-url", "", "link boards to the report: a `URL` that may hold "+
		"{folder}, {run} and {scenario}; without it what CI says of its job is taken")
	set.DurationVar(&f.origin.expectEvery, "expect-every", 0,
		"say how often these drills are run, such as 24h: an alert fires where none has passed for longer")
	set.StringSliceVar(&f.allow, "allow", nil,
		"confirm that the scenario may ask the `HOST`, which is no part of the system under test")
	set.BoolVar(&f.allowExec, "allow-exec", false,
		"confirm that the scenario may run the programs that it names on this machine")
	set.StringVar(&f.parallel, "parallel", "1", "run `N` drills at once; auto: as many as this machine was found to bear")
	set.Var(&f.shard, "shard", "run only the `I/N`-th part of the drills, such as 2/3: each is in one part, and all "+
		"parts take about as long; merge puts them together")
	set.BoolVar(&f.json, "json", false, "print the verdict as JSON")
	set.BoolVar(&f.rehearse, "rehearse", false,
		"do all but the drill: provision, let people sign in through the warm-up, then lay each fault with nobody "+
			"there, prove it and take it back, and say what would be touched")
}

// run is the whole of the command: everything that can be refused is refused before anything starts.
func (p *program) run(ctx context.Context, args []string, flags runFlags) error {
	if err := flags.checkParallel(); err != nil {
		return err
	}
	switch {
	case flags.outSaid && flags.out == "":
		return errors.New("--out needs the name of a folder")
	case flags.rehearse && flags.json:
		return errors.New("--rehearse has no verdict to print as --json")
	case flags.timeout < 0:
		return errors.New("--timeout must not be negative")
	case flags.origin.expectEvery < 0:
		return errors.New("--expect-every must not be negative")
	}
	if _, err := p.keeperLease(); err != nil {
		return err
	}
	err := flags.repeat.check(flags)
	if err != nil {
		return err
	}
	notifiers, err := p.notifiers(flags.notify)
	if err != nil {
		return err
	}
	if flags.origin.reportURL, err = p.reportTemplate(flags.origin.reportURL); err != nil {
		return err
	}
	drills, err := p.drills(args, &flags)
	if err != nil {
		return err
	}
	if len(drills) == 0 {
		fmt.Fprintln(p.stdout, flags.shard.empty())
	}
	session, err := p.begin(ctx, flags, drills)
	if err != nil {
		return err
	}
	defer session.close()
	session.notifiers = notifiers
	return session.run(ctx)
}

// drills finds and compiles what is to run.
func (p *program) drills(args []string, flags *runFlags) ([]*compiled, error) {
	from, err := p.sources(args)
	if err != nil {
		return nil, err
	}
	opts, err := p.runOptions(*flags)
	if err != nil {
		return nil, err
	}
	drills, err := p.compile(from, flags.saying, opts)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(flags.used(drills), distinct(drills), runnable(drills)); err != nil {
		return nil, err
	}
	drills = flags.shard.part(drills)
	for _, d := range drills { // also of one that is skipped here, and would not be elsewhere
		if err := flags.seeds(d); err != nil {
			return nil, err
		}
	}
	return drills, errors.Join(p.equipped(drills), confirmed(drills, flags.allow), mayExecute(drills, flags.allowExec))
}

// runOptions are what the flags say of how a scenario is compiled. Each call draws a phase of its own, where no flag
// says one.
func (p *program) runOptions(flags runFlags) (engine.Options, error) {
	opts, err := p.options(flags.target)
	if err != nil {
		return opts, err
	}
	opts.Environment = flags.environment
	if flags.seeded {
		opts.Seed, opts.PhaseSeed = &flags.seed, 0
	}
	if flags.phase != 0 {
		opts.PhaseSeed = flags.phase
	}
	if flags.withoutBrowser {
		opts.WithoutBrowser = "--without-browser was given"
	}
	return opts, nil
}

// seeds refuses a first seed, or phase, from which the drills of a repetition can't go on.
func (f *runFlags) seeds(d *compiled) error {
	times, what := f.repeat.rule(d).Times, "the seed of "+d.name
	if f.seeded {
		what = "--seed"
	}
	if times == 0 {
		return nil
	}
	return errors.Join(seedsFrom(what, d.plan.Record.Seed, times), seedsFrom("--phase", f.phase, times))
}

// distinct refuses two drills of one name: their results could not be told apart.
func distinct(drills []*compiled) error {
	first := map[string]string{}
	for _, d := range drills {
		if other, taken := first[d.scenario.Name]; taken {
			return fmt.Errorf("%s and %s are both named %s; their results could not be told apart", other, d.name,
				d.scenario.Name)
		}
		first[d.scenario.Name] = d.name
	}
	return nil
}

// runnable refuses a command all of whose drills are skipped, and a drill in which nobody is left to sign in.
func runnable(drills []*compiled) error {
	var skipped []string
	for _, d := range drills {
		if d.skipped != nil {
			skipped = append(skipped, fmt.Sprintf("%s: %v", d.name, d.skipped))
			continue
		}
		if !slices.ContainsFunc(d.plan.Record.Probes, func(p history.Probe) bool { return !p.Skipped }) {
			return fmt.Errorf("%s has browser probes only, so without a browser nobody is left who arrives", d.name)
		}
	}
	if len(skipped) == len(drills) {
		return errors.New(strings.Join(skipped, "; "))
	}
	return nil
}

// equipped refuses drills whose probes need programs that this machine lacks.
func (p *program) equipped(drills []*compiled) error {
	var errs []error
	var asked []string
	for _, d := range drills {
		if d.skipped != nil {
			continue
		}
		for _, probe := range d.plan.Record.Probes {
			for _, need := range probe.Needs {
				if !probe.Skipped && !slices.Contains(asked, need) {
					asked, errs = append(asked, need), append(errs, p.has(need))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// has says why this machine lacks a program.
func (p *program) has(need string) error {
	if need != harness.NeedsBrowser {
		if _, err := exec.LookPath(need); err != nil {
			return fmt.Errorf("a probe needs the program %s, which is not here", need)
		}
		return nil
	}
	if _, err := browser.Find(p.getenv); err != nil {
		return fmt.Errorf("%w; without one, run with --without-browser", err)
	}
	return nil
}

// compile reads and compiles every source, and tells the mistakes of all at once. Of several, one that the target
// can't carry is skipped; its other mistakes count all the same.
func (p *program) compile(from []source, said saying, opts engine.Options) ([]*compiled, error) {
	sets, vars, err := said.parse()
	if err != nil {
		return nil, err
	}
	with := p.with(sets, vars)
	var all []*compiled
	var errs []error
	for _, src := range from {
		c, err := p.compileOne(src, with, opts)
		if err != nil && c.scenario != nil && len(from) > 1 {
			if c.skipped = p.catalog.Carries(c.scenario, opts.Target); c.skipped != nil {
				var bare *compiled
				bare, err = p.compileOne(src, with, able(opts))
				c.plan = bare.plan
			}
		}
		all, errs = append(all, c), append(errs, err)
	}
	return all, scenario.Join(errs...)
}

func (p *program) compileOne(src source, with scenario.With, opts engine.Options) (*compiled, error) {
	opts.File = filepath.ToSlash(src.path)
	s, plan, err := p.catalog.ReadWith(bytes.NewReader(src.data), src.name, with, opts)
	return &compiled{source: src, with: with, scenario: s, plan: plan}, err
}

// able claims that the target carries every fault, to compile what it can't.
func able(opts engine.Options) engine.Options {
	made := opts.Target.New
	opts.Target.New = func() harness.Target { return ableTarget{made()} }
	return opts
}

// outer is the folder in which several drills lie side by side.
func outer(out string, now time.Time) string {
	if out != "" {
		return out
	}
	return history.FolderName(runsDir, now, "drills")
}

const runsDir = "runs"

// place decides where a drill's folder lies.
func place(flags runFlags, outer string, d *compiled, now time.Time) string {
	name := d.scenario.Name
	if flags.rehearse {
		name += "-rehearsal"
	}
	switch {
	case outer != "":
		return filepath.Join(outer, name)
	case flags.out != "":
		return flags.out
	}
	return history.FolderName(runsDir, now, name)
}
