package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/byhand"
	"github.com/regiondrill/regiondrill/harness/report"
)

func (p *program) labStatusCommand() *cobra.Command {
	var flags labFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show what is broken in the lab, and who is carried where", Args: cobra.NoArgs,
		Example: `  regiondrill lab status
  regiondrill lab status --json | jq '.carried'
  watch -n1 regiondrill lab status`,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.labStatus(cmd.Context(), flags.lab, asJSON) },
	}
	flags.bindLab(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON, with the lab's addresses")
	return cmd
}

func (p *program) labStatus(ctx context.Context, name string, asJSON bool) error {
	lab, err := p.findLab(name)
	if err != nil {
		return err
	}
	var state byhand.State
	if err := ask(ctx, lab.socket, byhand.PathState, nil, &state, askLimit); err != nil {
		return err
	}
	if asJSON {
		return p.json(struct {
			byhand.State
			Page string `json:"page"`
		}{state, lab.Page})
	}
	text := p.page()
	text.state(&state, lab)
	return p.print(text)
}

const toldOnTerminal = 8 // sign-ins

func (t *page) state(s *byhand.State, lab *standing) {
	fmt.Fprintf(t, "The lab %s, up for %s; its page is %s\n", s.Name, ago(s.At.Sub(s.Up)), lab.Page)
	var rows []string
	for _, f := range s.Faults {
		ends := "until it is healed"
		if !f.Until.IsZero() {
			ends = "until " + f.Until.Local().Format(clock)
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s", f.Name, stateOf(f), ends, effectOf(f)))
	}
	t.table("\nWhat is broken", rows)
	t.table("\nWho is carried where, in the last minute", carriedRows(s))
	rows = nil
	for _, in := range s.SignIns[:min(toldOnTerminal, len(s.SignIns))] {
		rows = append(rows, signInRow(in))
	}
	t.table("\nThe last sign-ins", rows)
	for _, n := range s.Notes {
		fmt.Fprintf(t, "note: %s: %s\n", n.At.Local().Format(clock), report.Clean(n.Text))
	}
}

func carriedRows(s *byhand.State) []string {
	var rows []string
	for _, c := range s.Carried {
		who := c.Probe
		if who == "" {
			who = "by hand"
		}
		var sums []string
		for _, region := range c.Regions() {
			sums = append(sums, fmt.Sprintf("%d by %s", c.Good[region], region))
		}
		if c.Failed > 0 {
			sums = append(sums, fmt.Sprintf("%d failed", c.Failed))
		}
		latest := "the last by " + c.Latest
		if c.Latest == "" {
			latest = "the last by nobody"
		}
		if len(sums) == 0 {
			latest = ""
		}
		rows = append(rows, fmt.Sprintf("%s\thome %s\t%s\t%s", who, c.Home, listOr(sums, "nobody came"), latest))
	}
	return rows
}

func signInRow(s byhand.SignIn) string {
	who := s.Person
	if who == "" {
		who = "somebody"
	}
	if s.Probe == "" {
		who += " (by hand)"
	}
	took, carried := "", "carried by "+s.Carried
	if s.Seconds > 0 {
		took = fmt.Sprintf("%.2f s", s.Seconds)
	}
	if !s.Good {
		carried = "carried by nobody"
	}
	return fmt.Sprintf("%s\t%s\tfrom %s\thome %s\t%s\t%s\t%s", s.At.Local().Format(clock), who, s.From, s.Home, carried,
		took, s.Why+s.Served)
}
