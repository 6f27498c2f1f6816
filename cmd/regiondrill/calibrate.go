package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/calibration"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/probes/browser"
)

// calibrated is what a machine was found to bear, as it is kept for doctor and printed as JSON.
type calibrated struct {
	At       time.Time        `json:"at"`
	Version  string           `json:"version"`
	Cores    int              `json:"cores"`
	Modes    []calibratedMode `json:"modes"`
	Noise    calibratedNoise  `json:"noise"`
	Every    history.Instant  `json:"every"`    // the fastest that it keeps up with; 0: none that was tried
	Browsers *int             `json:"browsers"` // at once; null where there is none
	Drills   int              `json:"drills"`   // at once
}

// calibratedMode is what became of outages of one mode.
type calibratedMode struct {
	Mode    string  `json:"mode"`
	Outages int     `json:"outages"`
	Held    int     `json:"held"` // so many intervals hold the truth
	Missed  int     `json:"missed"`
	Unknown int     `json:"unknown"`
	Median  float64 `json:"median_width"` // in periods of people's arrival
	Widest  float64 `json:"widest"`
}

// calibratedNoise is what a drill without faults takes for failures.
type calibratedNoise struct {
	Attempts int             `json:"attempts"`
	Failed   int             `json:"failed"`
	SlipP99  history.Instant `json:"schedule_slip_p99"`
}

// calibrateFlags are the flags of calibrate.
type calibrateFlags struct {
	outages        int
	withoutBrowser bool
	json           bool
}

func (p *program) calibrateCommand() *cobra.Command {
	var flags calibrateFlags
	cmd := &cobra.Command{
		Use: "calibrate", Short: "Find out what this machine's measurements can be believed", Args: cobra.NoArgs,
		Long: `Find out what this machine's measurements can be believed: outages of every mode, whose truth the network itself
writes down, are measured, and it is told whether the intervals hold it; a drill without faults tells what is taken for a
failure where there is none; and it is tried how often people may arrive, and how many browsers and drills this machine
bears at once. That takes some two minutes on a machine that rests; doctor tells the last result.

Exit code: 0 every interval holds the truth, 1 one misses it, 2 nothing is known of half of the outages or more.`,
		Example: "  regiondrill calibrate\n  regiondrill calibrate --outages 100 --without-browser",
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.calibrate(cmd.Context(), flags) },
	}
	set := cmd.Flags()
	set.IntVar(&flags.outages, "outages", 8, "measure `N` outages of each mode")
	set.BoolVar(&flags.withoutBrowser, "without-browser", false, "leave out how many browsers it bears")
	set.BoolVar(&flags.json, "json", false, "print it as JSON")
	return cmd
}

// calibrate is the whole of the command.
func (p *program) calibrate(ctx context.Context, flags calibrateFlags) error {
	if flags.outages < 1 || flags.outages > maxTimes {
		return fmt.Errorf("--outages must be 1 to %d", maxTimes)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "regiondrill-calibration-")
	if err != nil {
		return fmt.Errorf("making a folder for drills: %w", err)
	}
	defer os.RemoveAll(dir)               //nolint:errcheck // what is left of it is a temporary folder
	defer p.roomy(8 * runtime.NumCPU())() // as a run does
	bench := &calibration.Bench{Catalog: p.catalog, Dir: dir, Tell: p.progress()}
	found, err := p.calibration(ctx, bench, flags)
	if bench.Tell != nil {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(p.stderr, "stopped: nothing is kept")
		return leave(exitUnknown)
	case err != nil:
		return broke(err)
	}
	p.warn(p.keepCalibration(found))
	if flags.json {
		if err := p.json(found); err != nil {
			return err
		}
	} else {
		p.tellCalibration(found)
	}
	return leave(found.code())
}

// calibration tries everything, one after the other.
func (p *program) calibration(ctx context.Context, b *calibration.Bench, flags calibrateFlags) (*calibrated, error) {
	c := &calibrated{At: time.Now().UTC(), Version: versionText(), Cores: runtime.NumCPU()}
	for _, mode := range calibration.Modes() {
		m, err := outagesOf(ctx, b, mode, flags.outages)
		if err != nil {
			return nil, err
		}
		c.Modes = append(c.Modes, *m)
	}
	const quietEvery, quietFor = 80 * time.Millisecond, 10 * time.Second
	quiet, err := b.Protocol(ctx, quietEvery, quietFor)
	if err != nil {
		return nil, err
	}
	c.Noise = calibratedNoise{quiet.Attempts, quiet.Failed, history.At(quiet.SlipP99)}
	every, err := b.Fastest(ctx)
	if err != nil {
		return nil, err
	}
	c.Every = history.At(every)
	if _, lacks := browser.Find(p.getenv); lacks == nil && !flags.withoutBrowser {
		n, err := b.Browsers(ctx, 2*c.Cores)
		if err != nil {
			return nil, err
		}
		c.Browsers = &n
	}
	c.Drills, err = b.Drills(ctx, 8*c.Cores)
	return c, err
}

func outagesOf(ctx context.Context, b *calibration.Bench, mode string, n int) (*calibratedMode, error) {
	m := &calibratedMode{Mode: mode, Outages: n}
	var widths []float64
	for i := range n {
		if b.Tell != nil {
			b.Tell(fmt.Sprintf("%s: outage %d of %d", mode, i+1, n))
		}
		o, err := b.Outage(ctx, mode, i)
		switch {
		case err != nil:
			return nil, err
		case o.Told == nil:
			m.Unknown++
			continue
		case o.Holds():
			m.Held++
		default:
			m.Missed++
		}
		widths = append(widths, o.Width())
	}
	if slices.Sort(widths); len(widths) > 0 {
		m.Median, m.Widest = widths[len(widths)/2], widths[len(widths)-1]
	}
	return m, nil
}

// code is the exit code of what was found.
func (c *calibrated) code() int {
	outages, missed, unknown := 0, 0, 0
	for _, m := range c.Modes {
		outages, missed, unknown = outages+m.Outages, missed+m.Missed, unknown+m.Unknown
	}
	switch {
	case missed > 0:
		return exitFail
	case 2*unknown >= outages:
		return exitUnknown
	}
	return exitPass
}

// fewOutages are so few of a kind that hardly anything follows from their all being held.
const fewOutages = 5

// tellCalibration prints what was found and what follows from it.
func (p *program) tellCalibration(c *calibrated) {
	said := map[int]string{exitPass: "PASS: every interval that was measured holds the truth",
		exitFail:    "FAIL: intervals miss the truth; please report it, with this",
		exitUnknown: "UNKNOWN: this machine is too busy to measure most outages"}[c.code()]
	fmt.Fprintf(p.stdout, "%s.\n", said)
	if n := c.Modes[0].Outages; n < fewOutages {
		fmt.Fprintf(p.stdout, "%d of a kind is few: they would hardly show an interval that misses one time in ten.\n", n)
	}
	fmt.Fprintf(p.stdout, "\nOutages whose truth is known, of 0.4 to 0.7 s, people every 80 ms\n")
	for _, m := range c.Modes {
		fmt.Fprintf(p.stdout, "  %-22s %d of %d hold it", m.Mode, m.Held, m.Outages)
		if m.Missed > 0 {
			fmt.Fprintf(p.stdout, ", %d miss it", m.Missed)
		}
		if m.Unknown > 0 {
			fmt.Fprintf(p.stdout, ", %d unknown", m.Unknown)
		}
		fmt.Fprintf(p.stdout, "; %.2f periods wide (median), %.2f at most\n", m.Median, m.Widest)
	}
	fmt.Fprintf(p.stdout, "\nWithout faults          %d of %d people failed, attempts began %s late (p99)\n",
		c.Noise.Failed, c.Noise.Attempts, report.Length(c.Noise.SlipP99.Duration()))
	every := "none that was tried: let the machine rest, and calibrate again"
	if c.Every > 0 {
		every = report.Length(c.Every.Duration())
	}
	fmt.Fprintf(p.stdout, "Fastest every           %s\n", every)
	if c.Browsers != nil {
		fmt.Fprintf(p.stdout, "Browsers at once        %d\n", *c.Browsers)
	}
	fmt.Fprintf(p.stdout, "Drills at once          %d (of 15 sign-ins a second each)\n", c.Drills)
}

// calibrationFile is where the last one is kept.
func (p *program) calibrationFile() (string, error) {
	runs := drill.UserRuns(p.getenv)
	return filepath.Join(filepath.Dir(runs.Dir), "calibration.json"), runs.Err
}

func (p *program) keepCalibration(c *calibrated) error {
	path, err := p.calibrationFile()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	text, failed := json.MarshalIndent(c, "", "  ")
	if err = errors.Join(err, failed); err == nil {
		err = drill.Replace(path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keeping the calibration: %w", err)
	}
	return nil
}

// lastCalibration is the one that is kept; nil where there is none that can be read.
func (p *program) lastCalibration() *calibrated {
	path, err := p.calibrationFile()
	if err != nil {
		return nil
	}
	text, err := os.ReadFile(path)
	var c calibrated
	if err != nil || json.Unmarshal(text, &c) != nil || c.Cores != runtime.NumCPU() {
		return nil
	}
	return &c
}

// calibrationFinding is what doctor tells of it.
func (p *program) calibrationFinding() finding {
	c := p.lastCalibration()
	if c == nil {
		return finding{"calibration", true, "this machine was not calibrated; regiondrill calibrate finds out whether it " +
			"can be believed"}
	}
	browsers := ""
	if c.Browsers != nil {
		browsers = fmt.Sprintf(", %d in browsers", *c.Browsers)
	}
	every := "it keeps up with no period that was tried"
	if c.Every > 0 {
		every = fmt.Sprintf("every: %v or more", c.Every.Duration())
	}
	says := fmt.Sprintf("of %s: %s, %d drills at once%s", c.At.Format(time.DateOnly), every, c.Drills, browsers)
	return finding{"calibration", c.code() == exitPass && c.Every > 0, says}
}
