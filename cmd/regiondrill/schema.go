package main

import (
	"github.com/spf13/cobra"
)

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of scenarios, for editors", Args: cobra.NoArgs,
		Long: "Print the JSON Schema of scenarios. " +
			"An editor that speaks to yaml-language-server completes and checks by it.",
		Example: "  regiondrill schema > schema.json",
		RunE: func(*cobra.Command, []string) error {
			schema, err := p.catalog.Schema()
			if err != nil {
				return broke(err)
			}
			if _, err := p.stdout.Write(schema); err != nil {
				return broke(err)
			}
			return nil
		},
	}
}
