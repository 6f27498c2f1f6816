package main

import "github.com/spf13/cobra"

func (p *program) completeTopics(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}
