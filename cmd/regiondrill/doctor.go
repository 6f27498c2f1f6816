package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// ailment is what doctor found out about one thing.
type ailment struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

func (p *program) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Tell what this machine has for drills, and what it lacks", Args: cobra.NoArgs,
		Example: "  regiondrill doctor",
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := []ailment{p.browserAilment(), p.stateAilment(), p.residueAilment()}
			found = append(found, p.targetAilments(cmd.Context())...)
			if asJSON {
				return p.json(found)
			}
			for _, a := range found {
				mark := map[bool]string{true: "ok  ", false: "lack"}[a.OK]
				fmt.Fprintf(p.stdout, "%s  %-17s %s\n", mark, a.What, a.Says)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// targetAilments tells of every target whether it can run here, and what of it outlived its process.
func (p *program) targetAilments(ctx context.Context) []ailment {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	var found []ailment
	for _, kind := range p.catalog.Targets {
		a := ailment{"target " + kind.Name, true, "ready"}
		if err := p.ready(ctx, kind.Name); err != nil {
			a.OK, a.Says = false, err.Error()+" (other targets don't need it)"
		} else if sweeper, ok := kind.New().(harness.Sweeper); ok {
			a = residueOf(ctx, sweeper, a)
		}
		found = append(found, a)
	}
	return found
}

func residueOf(ctx context.Context, sweeper harness.Sweeper, a ailment) ailment {
	left, err := sweeper.Residue(ctx)
	switch {
	case err != nil:
		a.OK, a.Says = false, err.Error()
	case len(left) > 0:
		a.OK = false
		a.Says = fmt.Sprintf("killed runs have left %s; remove them: regiondrill recover", strings.Join(left, ", "))
	}
	return a
}

func (p *program) browserAilment() ailment {
	path, err := browser.Find(p.getenv)
	if err != nil {
		return ailment{"browser", false, err.Error() + "; without one, run with --without-browser"}
	}
	return ailment{"browser", true, path}
}

func (p *program) stateAilment() ailment {
	runs := drill.UserRuns(p.getenv)
	dir, err := runs.Dir, runs.Err
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		var file *os.File
		if file, err = os.CreateTemp(dir, "doctor-*"); err == nil {
			file.Close()
			err = os.Remove(file.Name())
		}
	}
	if err != nil {
		return ailment{"state folder", false, fmt.Sprintf("killed runs can't be listed: %v", err)}
	}
	return ailment{"state folder", true, dir}
}

func (p *program) residueAilment() ailment {
	left, live, err := drill.UserRuns(p.getenv).Residue()
	if err != nil {
		return ailment{"residue", false, err.Error()}
	}
	defer func() {
		for _, run := range left {
			run.Keep()
		}
	}()
	switch {
	case len(left) > 0:
		return ailment{"residue", false, fmt.Sprintf("%d killed run(s), such as %s; "+
			"undo what they left: regiondrill recover", len(left), filepath.Base(left[0].Folder))}
	case len(live) > 0:
		return ailment{"residue", true, fmt.Sprintf("none; %d run(s) live", len(live))}
	}
	return ailment{"residue", true, "none"}
}
