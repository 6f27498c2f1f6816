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

// finding is what doctor found out about one thing.
type finding struct {
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
			found := []finding{p.browserFinding(), p.stateFinding(), p.residueFinding()}
			found = append(found, p.targetFindings(cmd.Context())...)
			if asJSON {
				return p.json(found)
			}
			for _, f := range found {
				mark := map[bool]string{true: "ok  ", false: "lack"}[f.OK]
				fmt.Fprintf(p.stdout, "%s  %-17s %s\n", mark, f.What, f.Says)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// targetFindings tells of every target whether it can run here, and what of it outlived its process.
func (p *program) targetFindings(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	var found []finding
	for _, kind := range p.catalog.Targets {
		f := finding{"target " + kind.Name, true, "ready"}
		if err := p.ready(ctx, kind.Name); err != nil {
			f.OK, f.Says = false, err.Error()+" (other targets don't need it)"
		} else if sweeper, ok := kind.New().(harness.Sweeper); ok {
			f = residueOf(ctx, sweeper, f)
		}
		found = append(found, f)
	}
	return found
}

func residueOf(ctx context.Context, sweeper harness.Sweeper, f finding) finding {
	left, err := sweeper.Residue(ctx)
	switch {
	case err != nil:
		f.OK, f.Says = false, err.Error()
	case len(left) > 0:
		f.OK = false
		f.Says = fmt.Sprintf("killed runs have left %s; remove them: regiondrill recover", strings.Join(left, ", "))
	}
	return f
}

func (p *program) browserFinding() finding {
	path, err := browser.Find(p.getenv)
	if err != nil {
		return finding{"browser", false, err.Error() + "; without one, run with --without-browser"}
	}
	return finding{"browser", true, path}
}

func (p *program) stateFinding() finding {
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
		return finding{"state folder", false, fmt.Sprintf("killed runs can't be listed: %v", err)}
	}
	return finding{"state folder", true, dir}
}

func (p *program) residueFinding() finding {
	left, live, err := drill.UserRuns(p.getenv).Residue()
	if err != nil {
		return finding{"residue", false, err.Error()}
	}
	defer func() {
		for _, run := range left {
			run.Keep()
		}
	}()
	switch {
	case len(left) > 0:
		return finding{"residue", false, fmt.Sprintf("%d killed run(s), such as %s; "+
			"undo what they left: regiondrill recover", len(left), filepath.Base(left[0].Folder))}
	case len(live) > 0:
		return finding{"residue", true, fmt.Sprintf("none; %d run(s) live", len(live))}
	}
	return finding{"residue", true, "none"}
}
