package main

import (
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/targets"
)

// serveCommand is what runs in the containers of the target of that name. People have no use for it.
func (p *program) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve FAKE", Short: "Be one fake of the containers target", Hidden: true,
		Args: exactlyOne("a fake"), ValidArgs: slices.Clone(targets.Fakes()),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			return targets.Serve(ctx, args[0], p.getenv(targets.TokenVariable), p.getenv(targets.RecordsVariable))
		},
	}
}
