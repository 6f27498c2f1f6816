package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/scenario"
)

// mistake is one error of a scenario for scripts.
type mistake struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Flag     string `json:"flag,omitempty"`
	Sentence string `json:"sentence"`
}

// validated is what validate says of one file.
type validated struct {
	File   string    `json:"file"`
	Valid  bool      `json:"valid"`
	Errors []mistake `json:"errors"`
}

func (p *program) validateCommand() *cobra.Command {
	var sets []string
	var target string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "validate FILE…", Short: "Tell every mistake of scenarios, starting nothing",
		Example: `  regiondrill validate mine.yaml
  regiondrill validate primary-region-outage --set faults.0.mode=refuse`,
		Args: atLeastOne("a scenario"),
		RunE: func(_ *cobra.Command, args []string) error { return p.validate(args, sets, target, asJSON) },
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "say `PATH=VALUE` over what the file says")
	cmd.Flags().StringVar(&target, "target", "lab", "the target that is to carry it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

func (p *program) validate(args, sets []string, target string, asJSON bool) error {
	from, err := sources(args)
	if err != nil {
		return err
	}
	opts, err := p.options(target)
	if err != nil {
		return err
	}
	result, ended := []validated{}, exitPass
	for _, src := range from {
		_, err := p.compile([]source{src}, sets, opts)
		if err != nil {
			ended = exitUsage
		}
		result = append(result, validated{src.name, err == nil, mistakes(err)})
		switch {
		case asJSON:
		case err != nil:
			p.complain(err)
		default:
			fmt.Fprintf(p.stdout, "%s: valid\n", src.name)
		}
	}
	if asJSON {
		if err := p.json(result); err != nil {
			return err
		}
	}
	return leave(ended)
}

func mistakes(err error) []mistake {
	var errs scenario.Errors
	told := []mistake{}
	if err != nil && !errors.As(err, &errs) {
		return append(told, mistake{Sentence: err.Error()})
	}
	for _, e := range errs {
		m := mistake{Flag: e.Flag, Sentence: e.Sentence}
		if e.Flag == "" {
			m.File, m.Line, m.Column = e.File, e.Line, e.Col
		}
		told = append(told, m)
	}
	return told
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
