package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/manual"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

func (p *program) explainCommand() *cobra.Command {
	var asJSON, markdown, faults bool
	cmd := &cobra.Command{
		Use:   "explain [WORD]",
		Short: "Explain a block, a key or a kind of a scenario; without a word, list what can be explained",
		Long: "Explain a word of the language of scenarios: a block or a key by its dotted path or the end of it, a kind\n" +
			"of fault, action, probe or check, a target, a Region, or why an attempt was not good, in the word of a report.\n" +
			"Without a word, list what can be explained.",
		Example: `  regiondrill explain region_outage
  regiondrill explain system.idp
  regiondrill explain probes.every
  regiondrill explain acs_rejected
  regiondrill explain contracts
  regiondrill explain saml_login --json`,
		Args: atMostOne("a word"),
		RunE: func(_ *cobra.Command, args []string) error {
			m, err := manual.New(p.catalog)
			switch {
			case err != nil:
				return broke(err)
			case (markdown || faults) && len(args) == 0:
				return p.manualPage(m, faults)
			case markdown || faults:
				return fmt.Errorf("--markdown and --contracts write a whole page; leave %q out", args[0])
			case len(args) == 0:
				return p.explainWhat(m, asJSON)
			}
			return p.explain(m, args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	cmd.Flags().BoolVar(&markdown, "markdown", false,
		"print the whole language as a page in Markdown, as docs/scenario.md is")
	cmd.Flags().BoolVar(&faults, "contracts", false,
		"print what every fault does to whom as a page in Markdown, as docs/faults.md is")
	return cmd
}

func (p *program) manualPage(m *manual.Manual, faults bool) error {
	write := m.Markdown
	if faults {
		write = m.Contracts
	}
	text, err := write()
	if err == nil {
		_, err = p.stdout.Write(text)
	}
	if err != nil {
		return broke(err)
	}
	return nil
}

// explainWhat lists what can be explained.
func (p *program) explainWhat(m *manual.Manual, asJSON bool) error {
	if asJSON {
		return p.json(m.Groups())
	}
	text := p.page()
	for _, g := range m.Groups() {
		var rows []string
		for _, t := range g.Topics {
			rows = append(rows, t.Name+"\t"+t.Doc)
		}
		text.table(g.Name, rows)
		fmt.Fprintln(text)
	}
	text.paragraph("", "regiondrill explain WORD tells more of each. So it does of any key by its dotted path, or the "+
		"end of that (system.idp.acs, probes.every, region_outage.mode), and of any Region (eu-west-1).")
	return p.print(text)
}

func (p *program) explain(m *manual.Manual, word string, asJSON bool) error {
	topic, err := m.Topic(word)
	if err != nil {
		return err
	}
	if asJSON {
		return p.json(topic)
	}
	text := p.page()
	text.topic(&topic)
	return p.print(text)
}

// topic tells all of one.
func (t *page) topic(e *manual.Topic) {
	t.paragraph("", e.Name+" is "+whatItIs(e)+": "+e.Doc)
	if e.Key != nil && e.Of == manual.OfKey {
		fmt.Fprintln(t)
		t.paragraph("  ", strings.Join(append([]string{e.Key.TypeInWords()}, e.Key.Remarks()...), "; "))
	}
	for i, said := range e.Contract {
		if i == 0 {
			fmt.Fprintln(t)
		}
		t.paragraph("  ", said)
	}
	if e.Targets != nil {
		t.paragraph("", "Carried by: "+listOr(e.Targets, "no target")+".")
	}
	if t.ofNoKeys(e) {
		return
	}
	switch e.Of {
	case manual.OfKey:
	case manual.OfFile, manual.OfBlock:
		t.table("\nKeys", fieldRows(e.Keys))
	default:
		t.table("\nIts own keys", fieldRows(e.Keys))
	}
	if e.Kinds != nil {
		t.paragraph("  ", "and those of its kind: "+strings.Join(e.Kinds, ", "))
	}
	t.examples(e)
	if len(e.Common) > 0 {
		t.table("\nKeys of every "+e.Of, fieldRows(e.Common))
	}
	t.also(e)
}

// ofNoKeys tells the rest of what is no part of a scenario, if it is that.
func (t *page) ofNoKeys(e *manual.Topic) bool {
	switch e.Of {
	case "target":
		fmt.Fprintf(t, "\n  regiondrill run SCENARIO --target %s\n", e.Name)
	case manual.OfRegions:
		t.table("", regionRows(e.Regions))
	case manual.OfTable:
		var rows []string
		for _, cells := range e.Table {
			rows = append(rows, strings.Join(cells, "\t"))
		}
		t.table("", rows)
	case manual.OfClass:
		fmt.Fprintln(t)
		t.paragraph("  Said by     ", e.By+".")
		t.paragraph("  What to do  ", e.Remedy+".")
		t.also(e)
	case manual.OfRegion:
	default:
		return false
	}
	return true
}

// also tells which other topics go by the same word.
func (t *page) also(e *manual.Topic) {
	if len(e.Others) > 0 {
		fmt.Fprintln(t)
		t.paragraph("", "There are also "+strings.Join(e.Others, ", ")+".")
	}
}

func whatItIs(e *manual.Topic) string {
	switch {
	case e.Of == manual.OfFile:
		return "the whole file"
	case e.Of == manual.OfRegions:
		return "no key, but what keys name"
	case e.Of == manual.OfTable:
		return "a summary"
	case e.Of == manual.OfClass:
		return "why an attempt was not good"
	case e.Of == manual.OfBlock && e.Key.Type == "list of blocks":
		return "a list of blocks"
	case e.Of == manual.OfBlock && e.Key.Type == "block of names":
		return "a block of blocks, each behind a name"
	case slices.Contains([]string{manual.OfBlock, manual.OfKey, manual.OfRegion}, e.Of):
		return "a " + e.Of
	}
	return "a kind of " + e.Of
}

// examples shows pieces of a scenario: of a kind the first, and what else its own keys may say.
func (t *page) examples(e *manual.Topic) {
	if len(e.YAML) == 0 {
		return
	}
	fmt.Fprintln(t, "\nFor example")
	shown := e.YAML
	if len(e.Common) > 0 {
		shown = e.YAML[:1]
	}
	for _, piece := range shown {
		fmt.Fprintln(t, "  "+strings.ReplaceAll(piece, "\n", "\n  "))
	}
	if len(shown) < len(e.YAML) {
		fmt.Fprintln(t, "\nor, of its own keys")
	}
	for _, settings := range e.Examples[min(len(shown), len(e.Examples)):] {
		t.paragraph("  ", "{"+manual.Flow(settings)+"}")
	}
}

func fieldRows(fields []scenario.Field) []string {
	var rows []string
	for _, f := range fields {
		said := f.Remarks()
		if f.Doc != "" {
			said = slices.Insert(said, 0, f.Doc)
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s", f.Key, f.TypeInWords(), strings.Join(said, "; ")))
	}
	return rows
}

func regionRows(regions []manual.Region) []string {
	var rows []string
	for _, r := range regions {
		optIn := ""
		if r.OptIn {
			optIn = "opt-in"
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s", r.Code, r.Name, r.Partition, optIn))
	}
	return rows
}
