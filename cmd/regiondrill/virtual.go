package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/simulation"
)

// virtualFlags are those of commands that run many drills in virtual time.
type virtualFlags struct {
	saying
	flags   *pflag.FlagSet
	runs    int
	seed    uint64
	out     string
	timeout time.Duration
}

// bind binds them; runs says what --runs does.
func (f *virtualFlags) bind(set *pflag.FlagSet, runs int, does string) {
	f.flags = set
	f.saying.bind(set)
	set.IntVar(&f.runs, "runs", runs, does)
	set.Uint64Var(&f.seed, "seed", 0, "seed the first drill by this, instead of by the scenario's seed")
	set.DurationVar(&f.timeout, "timeout", 0, "end after this long, with the drills that have begun by then")
}

// base is the seed of the first drill.
func (f *virtualFlags) base(d *compiled) uint64 {
	if f.flags.Changed("seed") {
		return f.seed
	}
	return d.plan.Record.Seed
}

// seeds refuses a first seed from which so many can't go on.
func (f *virtualFlags) seeds(d *compiled, times int) error {
	if f.flags.Changed("seed") {
		return seedsFrom("--seed", f.seed, times)
	}
	return seedsFrom("the seed of "+d.name, f.base(d), times)
}

// seedsFrom refuses a first seed behind which there are not as many others as drills need.
func seedsFrom(what string, first uint64, times int) error {
	if most := math.MaxUint64 - uint64(max(times, 1)-1); first > most {
		return fmt.Errorf("%s is %d, and each of %d drills has a seed of its own, one more than the drill before: "+
			"say %d at most", what, first, times, most)
	}
	return nil
}

// simulated finds and compiles what is to be simulated.
func (p *program) simulated(args []string, flags *virtualFlags) ([]*compiled, scenario.With, error) {
	if flags.timeout < 0 {
		return nil, scenario.With{}, errors.New("--timeout must not be negative")
	}
	from, err := p.sources(args)
	if err != nil {
		return nil, scenario.With{}, err
	}
	opts, err := p.virtual("")
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
	if drills, err = p.timeless(drills); err == nil {
		err = p.timelessDraws(drills, p.with(sets, vars))
	}
	if err != nil {
		return nil, scenario.With{}, err
	}
	for _, d := range drills {
		for _, r := range d.plan.Remarks {
			if r.Position == d.scenario.Block.Pos("vary") {
				fmt.Fprintln(p.stderr, r)
			}
		}
	}
	return drills, p.with(sets, vars), errors.Join(flags.used(drills), distinct(drills))
}

// virtual are the options of a drill in virtual time.
func (p *program) virtual(environment string) (engine.Options, error) {
	opts, err := p.options("lab")
	opts.Environment = environment
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

// timelessDraws refuses a value that may be drawn with which a drill can't be run in virtual time.
func (p *program) timelessDraws(drills []*compiled, with scenario.With) error {
	opts, err := p.virtual("")
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range drills {
		for _, draw := range d.scenario.Vary {
			for _, end := range draw.Ends() {
				at := with
				at.Drawn, at.Sets = true, append(slices.Clone(with.Sets), scenario.Set{Path: draw.Path, Value: string(end)})
				once, err := p.compileOne(d.source, at, opts)
				if err != nil { // which was compiled before
					return err
				}
				if why := inRealTime(once); why != "" {
					errs = append(errs, draw.Block.Errorf("", "%s can't be %s in a simulation: %s", draw.Path, end, why))
				}
			}
		}
	}
	return scenario.Join(errs...)
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

// ofDrill tells what ended many drills, by which one: settings that are well each, and a mistake together, are the
// scenario's. base is the seed of the first.
func ofDrill(err error, base uint64) error {
	if err == nil {
		return nil
	}
	said := err
	switch failed, one := errors.AsType[*simulation.Failed](err); {
	case one && failed.N == 0:
		said = fmt.Errorf("the scenario as it is (seed %d): %w", base, failed.Err)
	case one:
		said = fmt.Errorf("drill %d (seed %d): %w", failed.N, base+uint64(failed.N-1), failed.Err)
	}
	if _, mistake := errors.AsType[scenario.Errors](err); mistake {
		return said
	}
	return broke(said)
}

// drawing names the values with which a drill can't be compiled.
func drawing(err error, drawn []scenario.Set) error {
	if err == nil || len(drawn) == 0 {
		return err
	}
	var said []string
	for _, set := range drawn {
		said = append(said, strings.TrimPrefix(set.String(), "--set "))
	}
	together := ""
	if len(said) > 1 {
		together = " together"
	}
	return fmt.Errorf("what was drawn can't stand%s (%s): %w", together, strings.Join(said, ", "), err)
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
