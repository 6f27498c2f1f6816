package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// mistake is one error of a scenario, or one remark on it, for scripts.
type mistake struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Flag     string `json:"flag,omitempty"`
	Sentence string `json:"sentence"`
}

// validated is what validate says of one file.
type validated struct {
	File    string    `json:"file"`
	OK      bool      `json:"ok"`
	Valid   bool      `json:"valid"` // the same, by its first name
	Errors  []mistake `json:"errors"`
	Remarks []mistake `json:"remarks"`
}

func (p *program) validateCommand() *cobra.Command {
	var said saying
	var target string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "validate FILE…", Short: "Tell every mistake of scenarios and what is worth a second look, starting nothing",
		Example: `  regiondrill validate mine.yaml
  regiondrill validate primary-region-outage --set faults.0.mode=refuse`,
		Args: atLeastOne("a scenario"),
		RunE: func(_ *cobra.Command, args []string) error { return p.validate(args, said, target, asJSON) },
	}
	said.bind(cmd.Flags())
	cmd.Flags().StringVar(&target, "target", "lab", "the target that is to carry it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

func (p *program) validate(args []string, said saying, target string, asJSON bool) error {
	from, err := p.sources(args)
	if err != nil {
		return err
	}
	opts, err := p.options(target)
	if err != nil {
		return err
	}
	if _, _, err := said.parse(); err != nil {
		return err // once, and not for every file
	}
	result, ended := []validated{}, exitPass
	var read []*compiled
	for _, src := range from {
		all, err := p.compile([]source{src}, said, opts)
		read = append(read, all...)
		told := validated{File: src.name, Errors: mistakes(err), Remarks: []mistake{}}
		if err != nil {
			ended = exitUsage
		} else {
			told.OK, told.Valid, told.Remarks = true, true, remarksOf(all[0].plan)
		}
		result = append(result, told)
		switch {
		case asJSON:
		case err != nil:
			p.complain(err)
		default:
			fmt.Fprintf(p.stdout, "%s: valid\n", src.name)
			for _, r := range all[0].plan.Remarks {
				fmt.Fprintln(p.stderr, p.located(r.String()))
			}
		}
	}
	if err := said.used(read); err != nil {
		return err
	}
	if asJSON {
		if err := p.json(result); err != nil {
			return err
		}
	}
	return leave(ended)
}

// located is a line that begins with a place. On a terminal it is broken between words; elsewhere it stays one, for who
// looks for places line by line.
func (p *program) located(line string) string {
	if !terminal(p.stderr) {
		return line
	}
	width := report.ColumnsOf(p.stderr, p.getenv("COLUMNS")).Prose
	first, rest, _ := strings.Cut(strings.Join(report.Wrap(line, width), "\n"), "\n")
	if rest == "" {
		return first
	}
	rest = strings.ReplaceAll(rest, "\n", " ")
	return first + "\n    " + strings.Join(report.Wrap(rest, width-4), "\n    ")
}

func mistakes(err error) []mistake {
	var errs scenario.Errors
	told := []mistake{}
	if err != nil && !errors.As(err, &errs) {
		return append(told, mistake{Sentence: err.Error()})
	}
	for _, e := range errs {
		for _, at := range append([]scenario.Position{e.Position}, e.Also...) { // an editor marks each place
			told = append(told, asMistake(at, e.Sentence))
		}
	}
	return told
}

func remarksOf(plan *engine.Plan) []mistake {
	told := []mistake{}
	for _, r := range plan.Remarks {
		told = append(told, asMistake(r.Position, r.Sentence))
	}
	return told
}

func asMistake(at scenario.Position, sentence string) mistake {
	m := mistake{Flag: at.Flag, Sentence: sentence}
	if at.Flag == "" {
		m.File, m.Line, m.Column = at.File, at.Line, at.Col
	}
	return m
}

// atLeastOne refuses a command line that names nothing.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s what? Name %s; %s -h shows an example", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}
