package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/scenario"
)

// item is one thing that there is.
type item struct {
	Name string   `json:"name"`
	Doc  string   `json:"doc"`
	Tags []string `json:"tags,omitempty"`
	File string   `json:"file,omitempty"` // of a scenario of one's own
	// Targets are those that can carry a fault.
	Targets []string `json:"targets,omitempty"`
}

// shelves are what list can list, in the order in which it does.
var shelves = []string{"scenarios", "faults", "probes", "actions", "checks", "targets"}

func (p *program) listCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list [scenarios|faults|probes|actions|checks|targets]", Short: "List the scenarios and kinds that there are",
		Example: `  regiondrill list
  regiondrill list faults --json`,
		Args: atMostOne("a list"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = shelves
			} else if !slices.Contains(shelves, args[0]) {
				hint := suggest(args[0], shelves, "there are "+strings.Join(shelves, ", "))
				return fmt.Errorf("there is no list of %q; %s", args[0], hint)
			}
			return p.list(args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func (p *program) list(which []string, asJSON bool) error {
	all := map[string][]item{}
	for _, shelf := range which {
		items, err := p.items(shelf)
		if err != nil {
			return err
		}
		all[shelf] = items
	}
	if asJSON {
		return p.json(all)
	}
	text := p.page()
	for i, shelf := range which {
		if i > 0 {
			fmt.Fprintln(text)
		}
		var rows []string
		for _, it := range all[shelf] {
			row := it.Name + "\t" + it.Doc
			if len(it.Tags) > 0 {
				row += " [" + strings.Join(it.Tags, ", ") + "]"
			}
			if it.File != "" {
				row += " (" + it.File + ")"
			}
			if it.Targets != nil {
				row += "\t" + strings.Join(it.Targets, ", ")
			}
			rows = append(rows, row)
		}
		text.table(shelf, rows)
	}
	return p.print(text)
}

// scenarioItems are one's own scenarios, then those that come with the program, each by the name that it is run by. One
// of the program's that can't be, because one's own has the name, is left out.
func (p *program) scenarioItems() ([]item, error) {
	var items []item
	add := func(name string, s *scenario.Scenario, file string) {
		if !slices.ContainsFunc(items, func(other item) bool { return other.Name == name }) {
			items = append(items, item{Name: name, Doc: firstSentence(s.About), Tags: s.Tags, File: file})
		}
	}
	own, err := p.own()
	if err != nil {
		return nil, err
	}
	for _, src := range own {
		s, err := scenario.ReadWith(bytes.NewReader(src.data), src.name, p.with(nil, nil))
		if s == nil {
			p.complain(err)
			continue
		}
		add(src.stem(), s, src.path)
	}
	all, err := shipped()
	for _, s := range all {
		add(s.Name, s, "")
	}
	return items, err
}

func (p *program) items(shelf string) ([]item, error) {
	items := []item{}
	switch shelf {
	case "scenarios":
		return p.scenarioItems()
	case "faults":
		for _, k := range p.catalog.Faults {
			items = append(items, item{Name: k.Name, Doc: k.Doc, Targets: p.catalog.Carriers(k.New().Needs())})
		}
	case "actions":
		for _, k := range p.catalog.Actions {
			items = append(items, item{Name: k.Name, Doc: k.Doc, Targets: p.catalog.Carriers(k.New().Needs())})
		}
	case "probes":
		for _, k := range p.catalog.Probes {
			items = append(items, item{Name: k.Name, Doc: k.Doc})
		}
	case "checks":
		for _, k := range p.catalog.Checks {
			items = append(items, item{Name: k.Name, Doc: k.Doc})
		}
	case "targets":
		for _, k := range p.catalog.Targets {
			items = append(items, item{Name: k.Name, Doc: k.Doc})
		}
	}
	return items, nil
}
