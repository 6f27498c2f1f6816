package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/heartbeat"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
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
			found := []finding{machineFinding(heartbeat.Start), p.calibrationFinding(), p.browserFinding(), p.stateFinding(),
				p.residueFinding(cmd.Context())}
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

// machineLook is how long the machine is watched for.
const machineLook = time.Second

// machineFinding tells how late this machine is just now, and what of a drill it bears: attempts that begin later than
// a quarter of their period are remarked on.
func machineFinding(watch func(zero time.Time, tell func(history.Stall)) (stop func())) finding {
	var worst, whole time.Duration
	stop := watch(time.Now(), func(s history.Stall) {
		took := s.Took.Duration()
		if whole += took; s.By == history.StallHeartbeat {
			worst = max(worst, took)
		}
	})
	time.Sleep(machineLook)
	stop()
	cores := fmt.Sprintf("%d cores", runtime.NumCPU())
	every := max(20*time.Millisecond, (4 * worst).Round(10*time.Millisecond))
	switch {
	case worst == 0 && whole <= machineLook/4:
		return finding{"machine", true, cores + ", and never late in a second's watch"}
	case whole > machineLook/4:
		return finding{"machine", false, fmt.Sprintf("%s, and late for %d %% of a second's watch: it is busy, and what a "+
			"drill measures here is wide or unknown; let it rest first", cores, 100*whole/machineLook)}
	}
	return finding{"machine", true, fmt.Sprintf("%s, and late by %s at most in a second's watch: good for probes with "+
		"every: %v or more", cores, verdict.Seconds(worst.Round(time.Millisecond).Seconds()).Exact(), every)}
}

// targetFindings tells of every target whether it can run here.
func (p *program) targetFindings(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	var found []finding
	for _, kind := range p.catalog.Targets {
		f := finding{"target " + kind.Name, true, "ready"}
		if err := p.ready(ctx, kind.Name); err != nil {
			f.OK, f.Says = false, err.Error()+" (other targets don't need it)"
		}
		found = append(found, f)
	}
	return found
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

// residueFinding tells what killed runs have left: changes to undo, and things outside their folders.
func (p *program) residueFinding(ctx context.Context) finding {
	left, live, err := drill.UserRuns(p.getenv).Residue()
	for _, run := range left {
		run.Keep()
	}
	said, failed := p.strewn(ctx)
	err = errors.Join(err, failed)
	if len(left) > 0 {
		said = append([]string{fmt.Sprintf("%d run(s) to conclude, such as %s", len(left), filepath.Base(left[0].Folder))},
			said...)
	}
	switch {
	case len(said) > 0:
		found := "killed runs have left " + strings.Join(said, ", ") + "; undo and remove it: regiondrill recover"
		if err != nil {
			found += fmt.Sprintf(" (there may be more: %v)", err)
		}
		return finding{"residue", false, found}
	case err != nil:
		return finding{"residue", false, err.Error()}
	case len(live) > 0:
		return finding{"residue", true, fmt.Sprintf("none; %d run(s) live", len(live))}
	}
	return finding{"residue", true, "none"}
}

// strewn names what killed runs have left outside their folders.
func (p *program) strewn(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	var all []string
	var errs []error
	sweepers := p.catalog.Sweepers()
	for _, name := range slices.Sorted(maps.Keys(sweepers)) {
		left, err := sweepers[name].Residue(ctx)
		all, errs = append(all, left...), append(errs, err)
	}
	return all, errors.Join(errs...)
}
