package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/scenario"
)

// explained is what explain says of a kind.
type explained struct {
	Kind     string           `json:"kind"`
	Of       string           `json:"of"` // fault, action, probe, check, or target
	Doc      string           `json:"doc"`
	Examples []string         `json:"examples,omitempty"` // of its own keys, in JSON
	Keys     []scenario.Field `json:"keys"`               // its own
	Common   []scenario.Field `json:"common"`             // those of every entry
}

func (p *program) explainCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "explain KIND", Short: "Explain a kind of fault, action, probe, check or target, and its keys",
		Example: `  regiondrill explain region_outage
  regiondrill explain saml_login --json`,
		Args: exactlyOne("a kind"),
		RunE: func(_ *cobra.Command, args []string) error {
			e, err := p.explain(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return p.json(e)
			}
			writeExplained(p.stdout, e)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func (p *program) explain(name string) (*explained, error) {
	kinds := p.catalog.Kinds()
	var known []string
	for _, shelf := range []struct {
		of     string
		kinds  []scenario.Kind
		common any
	}{
		{"fault", kinds.Faults, scenario.Fault{}},
		{"action", kinds.Actions, scenario.Action{}},
		{"probe", kinds.Probes, scenario.Probe{}},
		{"check", kinds.Checks, scenario.Check{}},
	} {
		for _, k := range shelf.kinds {
			if k.Name == name {
				return &explained{Kind: name, Of: shelf.of, Doc: k.Doc, Examples: p.examples(name), Keys: scenario.Describe(k),
					Common: scenario.Describe(scenario.Kind{Config: shelf.common})}, nil
			}
			known = append(known, k.Name)
		}
	}
	for _, t := range p.catalog.Targets {
		if t.Name == name {
			return &explained{Kind: name, Of: "target", Doc: t.Doc, Keys: []scenario.Field{}, Common: []scenario.Field{}}, nil
		}
		known = append(known, t.Name)
	}
	if name == "" {
		return nil, errors.New("name a kind")
	}
	return nil, fmt.Errorf("there is no kind %q; %s", name, suggest(name, known, "known are "+strings.Join(known, ", ")))
}

// examples are settings of a fault's or an action's own keys.
func (p *program) examples(name string) []string {
	for _, k := range p.catalog.Faults {
		if k.Name == name {
			return k.Examples
		}
	}
	for _, k := range p.catalog.Actions {
		if k.Name == name {
			return k.Examples
		}
	}
	return nil
}

// flow writes an example as a scenario does: {mode: refuse}.
func flow(example string) string {
	return "{" + settings(json.RawMessage(example)) + "}"
}

func writeExplained(w io.Writer, e *explained) {
	fmt.Fprintf(w, "%s is a kind of %s: %s\n", e.Kind, e.Of, e.Doc)
	if e.Of == "target" {
		fmt.Fprintf(w, "\n  regiondrill run SCENARIO --target %s\n", e.Kind)
		return
	}
	table(w, "\nIts own keys", fieldRows(e.Keys))
	if len(e.Examples) > 0 {
		fmt.Fprintln(w, "\nFor example")
	}
	for _, example := range e.Examples {
		fmt.Fprintf(w, "  %s\n", flow(example))
	}
	table(w, fmt.Sprintf("\nKeys of every %s", e.Of), fieldRows(e.Common))
}

func fieldRows(fields []scenario.Field) []string {
	var rows []string
	for _, f := range fields {
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s", f.Key, f.Type, strings.Join(remarks(f), "; ")))
	}
	return rows
}

// remarks are what there is to say of a key.
func remarks(f scenario.Field) []string {
	var said []string
	if f.Doc != "" {
		said = append(said, f.Doc)
	}
	if f.Enum != nil {
		said = append(said, "one of "+strings.Join(f.Enum, ", "))
	}
	if f.Min != "" {
		said = append(said, "at least "+f.Min)
	}
	if f.Max != "" {
		said = append(said, "at most "+f.Max)
	}
	switch {
	case f.Required:
		said = append(said, "required")
	case f.Default != "":
		said = append(said, "default "+f.Default)
	}
	return said
}
