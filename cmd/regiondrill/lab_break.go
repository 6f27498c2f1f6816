package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/byhand"
	"github.com/regiondrill/regiondrill/harness/engine"
)

// clock is how instants of a standing lab are told: it is looked at while it stands.
const clock = "15:04:05"

func (p *program) labBreakCommand() *cobra.Command {
	var flags labFlags
	var b byhand.Breakage
	var asJSON bool
	cmd := &cobra.Command{
		Use: "break KIND [KEY=VALUE...]", Short: "Break something in the lab, until lab heal",
		Long: "Break something in the lab, and return when canaries have seen it. KIND is a kind of fault\n" +
			"(list faults), the keys are those of a scenario (explain KIND), and so are their values.\n" +
			"It stays broken until lab heal, until --for is over, or until the lab ends.",
		Example: `  regiondrill lab break region_outage where.region=us-east-1
  regiondrill lab break region_outage where.place=idp mode=refuse --for 30s
  regiondrill lab break link where.region=eu-west-1 latency=300ms
  regiondrill lab break kms_key where.region=us-east-1 mode=policy_denies --name key-gone`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s what? Name a kind of fault; regiondrill list faults shows them", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Kind, b.Settings = args[0], args[1:]
			return p.labBreak(cmd.Context(), flags.lab, b, asJSON)
		},
	}
	flags.bindLab(cmd)
	cmd.Flags().StringVar(&b.Name, "name", "", "call the fault `NAME` (default made of the kind and of what it hits)")
	cmd.Flags().StringVar(&b.For, "for", "", "heal it by itself after `DURATION`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func (p *program) labBreak(ctx context.Context, name string, b byhand.Breakage, asJSON bool) error {
	lab, err := p.findLab(name)
	if err != nil {
		return err
	}
	var f engine.InForce
	if err := ask(ctx, lab.socket, byhand.PathBreak, b, &f, playLimit); err != nil {
		return err
	}
	if asJSON {
		err = p.json(f)
	} else {
		_, err = fmt.Fprintln(p.stdout, brokenLine(f, lab))
	}
	if err == nil && f.State != engine.BreakProven {
		err = leave(exitUnknown)
	}
	return err
}

// brokenLine says what is in force, what it must break, and how to heal it.
func brokenLine(f engine.InForce, lab *standing) string {
	heal := "heal it: regiondrill lab heal " + f.Name
	if len(lab.others) > 0 {
		heal += " --lab " + lab.Name
	}
	if !f.Until.IsZero() {
		heal = "it heals at " + f.Until.Local().Format(clock) + "; " + heal
	}
	return f.Name + " " + stateOf(f) + ": " + effectOf(f) + "; " + heal
}

// stateOf is whether the fault is in force, for people.
func stateOf(f engine.InForce) string {
	switch f.State {
	case engine.BreakProven:
		return "is in force since " + f.Since.Local().Format(clock+".000")
	case engine.NotProven:
		return "was laid, but could not be proven in force (" + f.Detail + ")"
	case engine.BreakLost:
		return "is no longer in force, though nobody healed it (" + f.Detail + ")"
	case engine.NotUndone:
		return "could not be undone (" + f.Detail + ")"
	case engine.Healing:
		return "is being healed"
	}
	return "is being broken since " + f.Since.Local().Format(clock)
}

// effectOf is what a fault does to what, and whom it keeps out.
func effectOf(f engine.InForce) string {
	if len(f.Unreachable) == 0 {
		return f.Summary
	}
	return f.Summary + "; nobody can be carried by " + strings.Join(f.Unreachable, ", ")
}

func (p *program) labHealCommand() *cobra.Command {
	var flags labFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "heal [NAME]", Short: "Heal what was broken in the lab, all or one",
		Example: `  regiondrill lab heal
  regiondrill lab heal region-outage-us-east-1`,
		Args: atMostOne("the name of what is broken"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.labHeal(cmd.Context(), flags.lab, strings.Join(args, ""), asJSON)
		},
	}
	flags.bindLab(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func (p *program) labHeal(ctx context.Context, name, fault string, asJSON bool) error {
	lab, err := p.findLab(name)
	if err != nil {
		return err
	}
	var healed []engine.Healed
	if err := ask(ctx, lab.socket, byhand.PathHeal, byhand.Healing{Name: fault}, &healed, playLimit); err != nil {
		return err
	}
	var codes []int
	for _, h := range healed {
		codes = append(codes, codeOfHealed(h))
	}
	switch {
	case asJSON:
		err = p.json(healed)
	case len(healed) == 0:
		_, err = fmt.Fprintf(p.stdout, "Nothing is broken in the lab %s.\n", lab.Name)
	}
	for _, h := range healed {
		if !asJSON && err == nil {
			_, err = fmt.Fprintln(p.stdout, healedLine(h))
		}
	}
	if err != nil || len(codes) == 0 {
		return err
	}
	return leave(first(codes))
}

func codeOfHealed(h engine.Healed) int {
	switch {
	case !h.Undone:
		return exitNotUndone
	case h.At.IsZero():
		return exitUnknown
	}
	return exitPass
}

// healedLine says what came of healing a fault.
func healedLine(h engine.Healed) string {
	switch {
	case !h.Undone:
		return h.Name + " could not be undone (" + h.Detail + "); it ends with the lab: stop regiondrill lab up"
	case h.At.IsZero():
		return h.Name + " was healed, but that could not be proven (" + h.Detail + ")"
	}
	return h.Name + " is healed since " + h.At.Local().Format(clock+".000")
}

// ago is how long something has been, as people say it.
func ago(d time.Duration) string { return d.Round(time.Second).String() }
