package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/simulation"
)

func (p *program) exploreCommand() *cobra.Command {
	var flags virtualFlags
	cmd := &cobra.Command{
		Use: "explore SCENARIO", Short: "Look among what a scenario varies for a drill that misses a check",
		Long: `Look among what a scenario varies (its block vary) for a drill that misses a check, in virtual time, and make what is
found small: what was drawn and makes no difference is left out, what is left is brought as near to the file as it may
be, and then every part of the file goes without which the check is still missed. What remains is written out as a
scenario, with the seed by which it misses the check, to be run again in virtual time and for real; and in how many other
phases it does is told. Where it is stopped (Ctrl-C, --timeout), the smallest found so far is written.

Exit code: 0 nothing was missed in so many drills, 1 something was found, 2 it was stopped before.`,
		Example: `  regiondrill explore mine.yaml
  regiondrill explore mine.yaml --runs 5000 --out found.yaml`,
		Args: exactlyOne("a scenario"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.explore(cmd.Context(), args, &flags)
		},
	}
	set := cmd.Flags()
	flags.bind(set, 1000, "give up after `N` drills that miss nothing")
	set.StringVar(&flags.out, "out", "", "the `FILE` for what is found, which must not be there yet "+
		"(default NAME-found.yaml)")
	return cmd
}

// explore is the whole of the command.
func (p *program) explore(ctx context.Context, args []string, flags *virtualFlags) error {
	d, with, err := p.explored(args, flags)
	if err != nil {
		return err
	}
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
	ctx, brake := p.brake(ctx, "ending with the smallest that was found", flags.timeout)
	defer brake.release()
	e := p.exploration(d, with, flags)
	found, err := e.Run(ctx, scratch)
	if p.progress() != nil {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(p.stderr, "stopped, %s: nothing was found yet\n", stopWords(ctx))
		return leave(exitUnknown)
	case err != nil:
		return ofDrill(err, e.Seed)
	case found == nil:
		fmt.Fprintf(p.stdout, "Nothing was missed in %d drills of %s.\n", flags.runs, d.scenario.Name)
		return nil
	case found.Stopped:
		fmt.Fprintf(p.stderr, "stopped, %s: what was found by then is not made as small as it could be, or not tried in "+
			"all other phases\n", stopWords(ctx))
	}
	return p.tellFound(d, e, found, out)
}

// explored finds and compiles what is to be explored. What flags say is in its source.
func (p *program) explored(args []string, flags *virtualFlags) (*compiled, scenario.With, error) {
	none := scenario.With{}
	if flags.runs < 1 || flags.runs > maxTimes {
		return nil, none, fmt.Errorf("--runs must be 1 to %d", maxTimes)
	}
	drills, with, err := p.simulated(args, flags)
	switch {
	case err != nil:
		return nil, none, err
	case len(drills) != 1:
		return nil, none, errors.New("explore takes one scenario at a time")
	case len(drills[0].scenario.Vary) == 0:
		return nil, none, fmt.Errorf("%s varies nothing: say in its block vary what may be otherwise, such as "+
			"vary: [{path: probes.staff.steer.after, from: 1s, to: 5s}]", drills[0].name)
	}
	d := drills[0]
	if err := flags.seeds(d, flags.runs+otherPhases); err != nil {
		return nil, none, err
	}
	d.scenario.Source, err = scenario.Edited(d.scenario.Source, with.Sets)
	with.Sets = nil
	return d, with, err
}

// otherPhases are in how many what was found is tried again.
const otherPhases = 20

func (p *program) exploration(d *compiled, with scenario.With, flags *virtualFlags) *simulation.Exploration {
	return &simulation.Exploration{
		Catalog: p.catalog, Source: d.scenario.Source, Vary: d.scenario.Vary, Seed: flags.base(d), Runs: flags.runs,
		Others: otherPhases, Tell: p.progress(), Caught: func(found *simulation.Found) {
			if p.progress() == nil { // who watches sees it anyway
				fmt.Fprintf(p.stderr, "seed %d missed %s: making it small\n", found.Seed, found.Check.Name)
			}
		},
		Plan: func(source []byte, sets []scenario.Set, seed uint64) (*engine.Plan, error) {
			opts, err := p.virtual("")
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
			return plan, drawing(err, sets)
		},
	}
}

// tellFound writes what was found as a scenario, and says what it is.
func (p *program) tellFound(d *compiled, e *simulation.Exploration, found *simulation.Found, out string) error {
	vars := ""
	for _, v := range d.plan.Record.Vars {
		if name, _, _ := strings.Cut(v, "="); strings.Contains(string(found.File), "${"+name) {
			vars += " --var " + report.Quote(v)
		}
	}
	again := fmt.Sprintf("regiondrill simulate %s --seed %d --runs 1%s", report.Quote(out), found.Seed, vars)
	run := fmt.Sprintf("regiondrill run %s --seed %d --repeat 1%s", report.Quote(out), found.Seed, vars)
	odds, phase := oddsOf(found), phaseOf(e, found)
	var file bytes.Buffer
	fmt.Fprintf(&file, "# Found among what %s varies: %s is missed.\n# %s\n", d.scenario.Name, found.Check.Name, again)
	for _, line := range []string{odds, phase} {
		if line != "" {
			fmt.Fprintf(&file, "# %s\n", line)
		}
	}
	file.Write(found.File)
	if err := drill.Replace(out, file.Bytes()); err != nil {
		return broke(fmt.Errorf("writing %s: %w", out, err))
	}
	if err := p.tellSettings(d, found, odds, phase); err != nil {
		return err
	}
	smallest := "The smallest scenario that still misses it"
	if found.Stopped {
		smallest = "The smallest scenario so far that still misses it"
	}
	fmt.Fprintf(p.stdout, "\n%s, of %d that were tried, is %s (%d lines).\nThe same drill again, in virtual time:\n  %s\n"+
		"and for real:\n  %s\n", smallest, found.Tried, out, strings.Count(file.String(), "\n"), again, run)
	return leave(exitFail)
}

// tellSettings says what was found, of which settings it is a matter, and of which phase.
func (p *program) tellSettings(d *compiled, found *simulation.Found, odds, phase string) error {
	text := p.page()
	which := fmt.Sprintf("drill %d of %s", found.N, d.scenario.Name)
	if found.N == 0 {
		which = d.scenario.Name + " as it is, with nothing drawn,"
	}
	fmt.Fprintf(text, "FOUND: %s (seed %d) missed %s.\n%s\n\n", which, found.Seed, found.Check.Name, found.Check.Summary)
	fmt.Fprintln(text, settingsWords(found))
	for _, set := range found.Needed {
		own, said := scenario.Said(d.scenario.Source, set.Path)
		line := "  " + set.Path + ": " + set.Value
		if said {
			line += "  (the scenario says " + string(own) + ")"
		}
		fmt.Fprintln(text, line)
	}
	for _, line := range []string{odds, phase} {
		if line != "" {
			text.WriteByte('\n')
			text.paragraph("", line)
		}
	}
	return p.print(text)
}

// oddsOf tells whether what was found is a matter of its settings, or of the phase too; empty where no other was tried.
func oddsOf(found *simulation.Found) string {
	n, k := found.Others, found.Missed
	seeds := fmt.Sprintf("seeds %d to %d", found.Seed+1, found.Seed+uint64(n))
	switch {
	case n == 0:
		return ""
	case k == n:
		return fmt.Sprintf("With these settings it is missed in all of %d other phases (%s).", n, seeds)
	case k == 0:
		return fmt.Sprintf("It is a matter of the phase: with these settings it is missed by seed %d, and in none of "+
			"%d other phases (%s).", found.Seed, n, seeds)
	}
	return fmt.Sprintf("It is a matter of the phase too: with these settings it is missed by seed %d, and in %d of %d "+
		"other phases (%s).", found.Seed, k, n, seeds)
}

// phaseOf says which phase the seed of what was found draws; empty where that is none.
func phaseOf(e *simulation.Exploration, found *simulation.Found) string {
	plan, err := e.Plan(found.File, nil, found.Seed)
	if err != nil { // which was compiled before
		return ""
	}
	var said []string
	if moved := plan.Record.Moved.Duration(); moved > 0 {
		said = append(said, "what happens comes "+report.Length(moved)+" later than the file says")
	}
	for _, probe := range plan.Record.Probes {
		if !probe.Skipped && probe.Every > 0 {
			said = append(said, fmt.Sprintf("%s come %v into their period of %s", probe.Name,
				report.Length(probe.Offset.Duration()), report.Length(probe.Every.Duration())))
		}
	}
	if len(said) == 0 {
		return ""
	}
	return fmt.Sprintf("The phase of seed %d: %s.", found.Seed, strings.Join(said, ", "))
}

// settingsWords say of how many settings it is a matter. They are listed below.
func settingsWords(found *simulation.Found) string {
	of := fmt.Sprintf("Of %d settings that vary ", len(found.Drawn))
	switch n := len(found.Needed); {
	case found.N == 0:
		return "None of what varies makes the difference."
	case found.Tried == 0:
		return "It drew these settings; which of them make the difference was not tried:"
	case n == 0:
		return of + "none makes a difference."
	case n == 1:
		return of + "one makes the difference:"
	default:
		return of + fmt.Sprintf("only these %d together make the difference:", n)
	}
}
