package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/drill"
)

// keeperCommand is the process that a run starts beside itself with the first change that outlives it. People have no
// use for it.
func (p *program) keeperCommand() *cobra.Command {
	var lease time.Duration
	cmd := &cobra.Command{
		Use: "keeper DIR", Short: "Undo what outlives a run when the run can't", Hidden: true,
		Args: exactlyOne("a run's folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			// It ends when the run does. What asks the run to stop must not keep its keeper from undoing.
			signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
			folder, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			if err := p.runner().Keep(context.Background(), folder, p.stdin, lease); err != nil {
				return &exit{exitNotUndone, err}
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&lease, "lease", drill.KeeperLease, "how long the run may stand still")
	return cmd
}

// keeper is the command that starts one; none where this program doesn't know its own file.
func keeper() []string {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{self, "keeper"}
}
