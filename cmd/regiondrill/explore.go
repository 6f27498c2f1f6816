package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/simulation"
)

// exploreFlags are the flags of explore.
type exploreFlags struct {
	saying
	runs   int
	seed   uint64
	seeded bool
	out    string
}

func (p *program) exploreCommand() *cobra.Command {
	var flags exploreFlags
	cmd := &cobra.Command{
		Use: "explore SCENARIO", Short: "Look among what a scenario varies for a drill that misses a check",
		Long: `Look among what a scenario varies (its block vary) for a drill that misses a check, in virtual time, and make what is
found small: what was drawn and makes no difference is left out, what is left is brought as near to the file as it may
be, and then every part of the file goes without which the check is still missed. What remains is written out as a
scenario, to be run for real.

Exit code: 0 nothing was missed in so many drills, 1 something was found.`,
		Example: `  regiondrill explore mine.yaml
  regiondrill explore mine.yaml --runs 5000 --out found.yaml`,
		Args: exactlyOne("a scenario"),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.seeded = cmd.Flags().Changed("seed")
			return p.explore(cmd.Context(), args, &flags)
		},
	}
	set := cmd.Flags()
	flags.saying.bind(set)
	set.IntVar(&flags.runs, "runs", 1000, "give up after `N` drills that miss nothing")
	set.Uint64Var(&flags.seed, "seed", 0, "seed the first drill by this, instead of by the scenario's seed")
	set.StringVar(&flags.out, "out", "", "the `FILE` for what is found, which must not be there yet "+
		"(default NAME-found.yaml)")
	return cmd
}

// explore is the whole of the command.
func (p *program) explore(ctx context.Context, args []string, flags *exploreFlags) error {
	if flags.runs < 1 || flags.runs > maxTimes {
		return fmt.Errorf("--runs must be 1 to %d", maxTimes)
	}
	drills, with, err := p.simulated(args, &simulateFlags{saying: flags.saying})
	switch {
	case err != nil:
		return err
	case len(drills) != 1:
		return errors.New("explore takes one scenario at a time")
	case len(drills[0].scenario.Vary) == 0:
		return fmt.Errorf("%s varies nothing: say in its block vary what may be otherwise, such as "+
			"vary: [{path: probes.staff.steer.after, from: 1s, to: 5s}]", drills[0].name)
	}
	d := drills[0]
	d.scenario.Source, err = scenario.Edited(d.scenario.Source, with.Sets) // what is found says what flags said
	if err != nil {
		return err
	}
	with.Sets = nil
	out := flags.out
	if out == "" {
		out = d.scenario.Name + "-found.yaml"
	}
	if _, err := os.Lstat(out); err == nil {
		return fmt.Errorf("%s is there already: name a file that isn't by --out", out)
	}
	scratch, err := os.MkdirTemp(filepath.Dir(out), ".explored-")
	if err != nil {
		return fmt.Errorf("making a folder for drills: %w", err)
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // what is left of it is a temporary folder
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	found, err := p.exploration(d, with, flags).Run(ctx, scratch)
	if p.progress() != nil {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(p.stderr, "stopped: %s\n", soFar(found))
		return leave(exitUnknown)
	case err != nil:
		return ofDraws(err)
	case found == nil:
		fmt.Fprintf(p.stdout, "Nothing was missed in %d drills of %s.\n", flags.runs, d.scenario.Name)
		return nil
	}
	return p.tellFound(d, found, out)
}

// soFar is what an exploration that was stopped has come to.
func soFar(found *simulation.Found) string {
	if found == nil {
		return "nothing was found yet"
	}
	return fmt.Sprintf("drill %d (seed %d) missed %s, and was not made small yet", found.N, found.Seed, found.Check.Name)
}

func (p *program) exploration(d *compiled, with scenario.With, flags *exploreFlags) *simulation.Exploration {
	seed := d.plan.Record.Seed
	if flags.seeded {
		seed = flags.seed
	}
	return &simulation.Exploration{
		Catalog: p.catalog, Source: d.scenario.Source, Vary: d.scenario.Vary, Seed: seed, Runs: flags.runs,
		Tell: p.progress(),
		Plan: func(source []byte, sets []scenario.Set, seed uint64) (*engine.Plan, error) {
			opts, err := p.virtual()
			if err != nil {
				return nil, err
			}
			opts.Seed = &seed
			at := with
			at.Drawn, at.Sets = true, sets
			s, plan, err := p.catalog.ReadWith(bytes.NewReader(source), d.name, at, opts)
			if err == nil {
				err = simulable(&compiled{scenario: s, plan: plan})
			}
			return plan, err
		},
	}
}

// tellFound writes what was found as a scenario, and says what it is.
func (p *program) tellFound(d *compiled, found *simulation.Found, out string) error {
	run := fmt.Sprintf("regiondrill run %s --seed %d --repeat 1", report.Quote(out), found.Seed)
	for _, v := range d.plan.Record.Vars {
		if name, _, _ := strings.Cut(v, "="); strings.Contains(string(found.File), "${"+name) {
			run += " --var " + report.Quote(v)
		}
	}
	var file bytes.Buffer
	fmt.Fprintf(&file, "# Found among what %s varies: %s is missed.\n# %s\n", d.scenario.Name, found.Check.Name, run)
	file.Write(found.File)
	if err := drill.Replace(out, file.Bytes()); err != nil {
		return broke(fmt.Errorf("writing %s: %w", out, err))
	}
	fmt.Fprintf(p.stdout, "FOUND: drill %d of %s missed %s.\n%s\n\n", found.N, d.scenario.Name, found.Check.Name,
		found.Check.Summary)
	fmt.Fprintf(p.stdout, "Of %d settings that vary %s:\n", len(found.Drawn), needed(len(found.Needed)))
	for _, set := range found.Needed {
		own, said := scenario.Said(d.scenario.Source, set.Path)
		line := "  " + set.Path + ": " + set.Value
		if said {
			line += "  (the scenario says " + string(own) + ")"
		}
		fmt.Fprintln(p.stdout, line)
	}
	fmt.Fprintf(p.stdout, "\nThe smallest scenario that still misses it, of %d that were tried, is %s (%d lines).\n"+
		"Run it for real:\n  %s\n", found.Tried, out, strings.Count(file.String(), "\n"), run)
	return leave(exitFail)
}

func needed(n int) string {
	switch n {
	case 0:
		return "none makes a difference"
	case 1:
		return "one makes the difference"
	}
	return fmt.Sprintf("only these %d together make the difference", n)
}
