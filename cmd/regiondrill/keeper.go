package main

import (
	"context"
	"fmt"
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

// keeperVariable is the environment variable that starts no keeper (off), or says for how long a run may stand still
// before its keeper undoes what outlives it.
const keeperVariable = "REGIONDRILL_KEEPER"

// keeper is the command that starts one, and its lease. There is none where this program doesn't know its own file, or
// where it is not wanted.
func (p *program) keeper() (command []string, lease time.Duration) {
	self, err := os.Executable()
	lease, wrong := p.keeperLease()
	if err != nil || lease == 0 && wrong == nil {
		return nil, 0
	}
	if wrong != nil {
		lease = drill.KeeperLease
	}
	return []string{self, "keeper"}, lease
}

// keeperLease is what the environment says of it; 0: there shall be none.
func (p *program) keeperLease() (time.Duration, error) {
	said := p.getenv(keeperVariable)
	switch said {
	case "":
		return drill.KeeperLease, nil
	case "off":
		return 0, nil
	}
	lease, err := time.ParseDuration(said)
	if err != nil || lease < time.Second {
		return 0, fmt.Errorf("%s must be off, or a duration of 1s at least, such as 30s, not %q", keeperVariable, said)
	}
	return lease, nil
}
