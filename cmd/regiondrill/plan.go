package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/inference"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

func (p *program) planCommand() *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use: "plan FILE", Short: "Show what a scenario would do, starting nothing",
		Example: `  regiondrill plan primary-region-outage
  regiondrill plan mine.yaml --set 'system.idp.acs=[us-east-1]' --json`,
		Args: exactlyOne("a scenario"),
		RunE: func(_ *cobra.Command, args []string) error { return p.plan(args, flags) },
	}
	flags.saying.bind(cmd.Flags())
	cmd.Flags().StringVar(&flags.target, "target", "lab", "the target that is to carry it")
	cmd.Flags().BoolVar(&flags.json, "json", false, "print the resolved plan as JSON")
	return cmd
}

func (p *program) plan(args []string, flags runFlags) error {
	from, err := p.sources(args)
	if err != nil {
		return err
	}
	if len(from) > 1 {
		return fmt.Errorf("%s names %d scenarios; plan shows one at a time", args[0], len(from))
	}
	opts, err := p.options(flags.target)
	if err != nil {
		return err
	}
	compiled, err := p.compile(from, flags.saying, opts)
	if err == nil {
		err = flags.used(compiled)
	}
	if err != nil {
		return err
	}
	c := compiled[0]
	if flags.json {
		return p.json(struct {
			history.Plan
			Remarks []mistake `json:"remarks"`
		}{c.plan.Record, remarksOf(c.plan)})
	}
	text := p.page()
	text.plan(c, p.carriers(c.scenario), p.touched(c))
	return p.print(text)
}

// idpRow says whose provider it is and how it is set up.
func idpRow(c *compiled) string {
	if e := c.plan.Topology.IdP.External; e != nil {
		return fmt.Sprintf("external, %s, at %s", e.EntityID, e.URL)
	}
	set := c.scenario.System.IdP
	row := fmt.Sprintf("%s; ACS %s; bookmarks %s", set.Dialect, listOr(set.ACS, "none"), listOr(set.Bookmarks, "none"))
	if set.AlwaysDefaultACS {
		row += "; it answers at the default ACS alone"
	}
	if set.Reauthenticate {
		row += "; people sign in anew for each Region"
	}
	if set.MFA != "none" {
		row += "; one-time codes"
	}
	return row
}

// carriers lists the targets that can carry all faults and actions of a scenario.
func (p *program) carriers(s *scenario.Scenario) []string {
	var able []string
	for _, t := range p.catalog.Targets {
		if p.catalog.Carries(s, t) == nil {
			able = append(able, t.Name)
		}
	}
	return able
}

// plan writes a plan for people: what stands, who signs in, what happens when, what is judged, and what of it
// is worth a second look.
func (t *page) plan(c *compiled, carriers, touches []string) {
	r := c.plan.Record
	t.paragraph("", fmt.Sprintf("%s, in the %s, seed %d", r.Scenario, r.Target, r.Seed))
	t.paragraph("  ", r.About)
	fmt.Fprintln(t)
	t.paragraph("Regions      ", regionsOf(r))
	t.paragraph("IdP          ", idpRow(c))
	t.paragraph("KMS          ", kmsRow(c))
	t.paragraph("Carried by   ", listOr(carriers, "no target"))
	lasts := ""
	if waits(c) {
		lasts = ", or longer: something waits for a fault"
	}
	t.paragraph("It takes     ", fmt.Sprintf("%v%s", c.plan.Duration().Round(100*time.Millisecond), lasts))
	t.paragraph("Repeated     ", repeatRow(c.scenario.Repeat))
	t.paragraph("Varied       ", varyRow(c.scenario))
	t.table("\nWho signs in", probeRows(c))
	t.table("\nWhat happens, and when", timeline(c))
	t.chart(r)
	t.table("\nWhat it touches", touches)
	for _, a := range r.AbortIf {
		t.paragraph("\nIt stops     ", fmt.Sprintf("when of the attempts of %s that ended within %v less than %g were good",
			a.Probe, a.Over.Duration(), a.Below))
	}
	t.table("\nWhat is judged", checkRows(r))
	if len(c.plan.Remarks) > 0 {
		fmt.Fprintf(t, "\nWorth a second look\n")
	}
	for _, r := range c.plan.Remarks {
		t.paragraph("  - ", fmt.Sprintf("%v: %s", r.Position, r.Sentence))
	}
}

// varyRow says what simulate draws, empty where that is nothing but the phase of its faults.
func varyRow(s *scenario.Scenario) string {
	var all []string
	for _, d := range s.Vary {
		said := fmt.Sprintf("%s from %s to %s", d.Path, d.From, d.To)
		for i, value := range d.OneOf {
			if said += ", "; i == 0 {
				said = d.Path + " one of "
			}
			said += string(value)
		}
		all = append(all, said)
	}
	return strings.Join(all, "; ")
}

// repeatRow says how often it is run, empty for once.
func repeatRow(r scenario.Repeat) string {
	switch {
	case r.Times == 0:
		return ""
	case r.Until.Met == 0:
		return fmt.Sprintf("%d times, each with what happens at another phase of whatever is periodic", r.Times)
	}
	confidence := cmp.Or(r.Until.Confidence, repetition.Confidence)
	return fmt.Sprintf("up to %d times, until it is known with %g %% confidence whether every objective is met "+
		"in at least %g of 100; without a miss after %d", r.Times, 100*confidence, 100*r.Until.Met,
		inference.Needed(r.Until.Met, confidence))
}

func regionsOf(r history.Plan) string {
	said := []string{r.Primary + " (primary)"}
	for _, region := range r.Regions {
		if region != r.Primary {
			said = append(said, region)
		}
	}
	return strings.Join(said, ", ")
}

func listOr(words []string, otherwise string) string {
	if len(words) == 0 {
		return otherwise
	}
	return strings.Join(words, ", ")
}

func probeRows(c *compiled) []string {
	var rows []string
	for _, p := range c.plan.Record.Probes {
		rows = append(rows, fmt.Sprintf("%s\t%s\tfrom %s\tto %s\tone every %v\twithin %v\t%s", p.Name, p.Kind, p.From, p.Home,
			p.Every.Duration(), p.Limit.Duration(), settings(p.Config)))
	}
	return rows
}

// timeline lists the instants of a plan in the order in which they come, as far as that is known.
func timeline(c *compiled) []string {
	r := c.plan.Record
	rows := []string{fmt.Sprintf("%v\twarm-up: it must go well", -r.WarmUp.Duration())}
	for _, h := range happenings(c) {
		rows = append(rows, h.rows...)
	}
	if !waits(c) {
		end := c.plan.Duration() - r.WarmUp.Duration()
		return append(rows, fmt.Sprintf("%v\tall is healed; %v to settle", end-r.Settle.Duration(), r.Settle.Duration()),
			fmt.Sprintf("%v\tend", end))
	}
	return append(rows, fmt.Sprintf("at last\tall is healed; %v to settle", r.Settle.Duration()))
}

func checkRows(r history.Plan) []string {
	var rows []string
	for _, check := range r.Checks {
		rows = append(rows, fmt.Sprintf("%s\t%s", check.Name, settings(check.Config, "probe", "fault")))
		if means := meaning(check, r); means != "" {
			rows = append(rows, "\t  "+means)
		}
	}
	return rows
}

// atMostOne refuses more words than one.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("%s takes %s, one at most, not %d; put a name with spaces in quotes", cmd.CommandPath(), what,
				len(args))
		}
		return nil
	}
}

func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s takes %s, one; %s -h shows an example", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}
