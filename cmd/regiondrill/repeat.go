package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// repeatFlags say how often each drill is run.
type repeatFlags struct {
	times      int
	said       bool
	until      float64
	confidence float64
}

// maxTimes bounds how often a drill is repeated.
const maxTimes = 10_000

func (f *repeatFlags) bind(set *pflag.FlagSet) {
	set.IntVar(&f.times, "repeat", 1, "run each drill `N` times, by other seeds, with the faults at another phase of "+
		"whatever is periodic, and conclude from all of them")
	set.Float64Var(&f.until, "until-met", 0, "with --repeat: stop as soon as it is known whether every objective is met "+
		"with at least this `PROBABILITY`, such as 0.9")
	set.Float64Var(&f.confidence, "confidence", repetition.Confidence, "with --repeat: that of its bounds and answers")
}

func (f *repeatFlags) check(flags runFlags) error {
	switch {
	case f.times < 1 || f.times > maxTimes:
		return fmt.Errorf("--repeat must be 1 to %d", maxTimes)
	case f.until != 0 && !f.said:
		return errors.New("--until-met needs --repeat, which says after how many drills to stop at the latest")
	case !(f.until >= 0 && f.until < 1):
		return errors.New("--until-met must be above 0 and below 1: no number of drills shows that something always happens")
	case !(f.confidence > 0 && f.confidence < 1):
		return errors.New("--confidence must be above 0 and below 1")
	case f.said && flags.rehearse:
		return errors.New("--rehearse shows the same each time; leave --repeat out")
	}
	return nil
}

// rule is how often a drill is run, by the flags where they say it and else by its scenario: Times is 0 for a single
// drill, which concludes by itself.
func (f *repeatFlags) rule(d *compiled) repetition.Rule {
	if f.said {
		return repetition.Rule{Times: f.times, Confidence: f.confidence, Met: f.until}
	}
	r := d.scenario.Repeat
	return repetition.Rule{Times: r.Times, Confidence: r.Until.Confidence, Met: r.Until.Met}
}

// repeat runs one drill again and again, and concludes from all of them. It returns the exit code.
func (s *session) repeat(ctx context.Context, brake *brake, d *compiled) int {
	rule, dir := s.flags.repeat.rule(d), place(s.flags, s.outer, d, s.started)
	end, err := drill.GoOn(dir)
	if err != nil {
		s.complain(err)
		return exitBroken
	}
	defer end()
	series := repetition.NewSeries(rule)
	codes := s.times(ctx, brake, d, series, dir)
	set := report.Summed(series.Result(), dir)
	set.Verdict.Scenario = d.scenario.Name // also where none was run
	set.Set.Scenario, set.Set.Target = d.scenario.Name, s.flags.target
	if len(set.Set.Runs) == 0 {
		end()
		os.Remove(dir) //nolint:errcheck // it goes only where it is empty: nothing was recorded
	}
	if _, err := os.Stat(dir); err != nil {
		set.Dir = "" // nothing was begun
	} else if err := exportSet(dir, set); err != nil {
		set.Dir = "" // nobody is sent to what may not be there
		s.complain(err)
		codes = append(codes, exitBroken)
	}
	s.told = append(s.told, set)
	if s.outer != "" {
		fmt.Fprintf(s.stderr, "%s\n\n", setLine(set))
	}
	return first(append(codes, codeOf(set.Verdict.Grade)))
}

// times runs a drill until the rule of its series asks for no more. It returns the exit codes of what went wrong beside
// what was measured.
func (s *session) times(ctx context.Context, brake *brake, d *compiled, series *repetition.Series, dir string) []int {
	var codes []int
	rule := s.flags.repeat.rule(d)
	for n := 1; series.Open() && ctx.Err() == nil; n++ {
		folder := strconv.Itoa(n)
		r, code := s.again(ctx, brake, d, n, filepath.Join(dir, folder))
		if code != exitPass {
			codes = append(codes, code)
		}
		if r == nil { // what was in the way is told, and would be again
			series.Stop(fmt.Sprintf("drill %d could not be run", n))
			break
		}
		fmt.Fprintf(s.stderr, "%d of %s%d: %s\n\n", n, map[bool]string{true: "at most "}[rule.Met > 0], rule.Times,
			report.Line(r))
		series.Add(folder, r.Verdict)
		if n == vain && series.Result().Counted == 0 {
			series.Stop(fmt.Sprintf("none of the first %d drills tells anything", vain))
			break
		}
		if series.Open() { // else what they conclude is written in a moment
			s.warn(keepSoFar(dir, series.Result()))
		}
	}
	if ctx.Err() != nil {
		series.Stop(stopWords(ctx))
	}
	return codes
}

// vain is after how many drills of which none counts no more are run: what is wrong with them would be with the next.
const vain = 5

// keepSoFar writes what the drills so far conclude, for whoever looks while others go on, or after they were killed.
func keepSoFar(dir string, r *repetition.Result) error {
	r.Stopped, r.Grade = "they go on, or were killed", verdict.Unknown
	var text bytes.Buffer
	if err := report.WriteRepetition(&text, r); err != nil {
		return err
	}
	return drill.Replace(filepath.Join(dir, repetition.File), text.Bytes())
}

// stopWords say why a command that has many drills to run ended before.
func stopWords(ctx context.Context) string {
	stop, ok := errors.AsType[engine.Stop](context.Cause(ctx))
	switch {
	case ok && stop.Reason == history.TimedOut:
		return "the time was up (" + stop.Detail + ")"
	case ok:
		return "somebody interrupted it (" + stop.Detail + ")"
	}
	return "somebody interrupted it"
}

// again is the n-th time, from 1. Its code is that of whatever went wrong beside what was measured; the report is nil
// where nothing was.
func (s *session) again(ctx context.Context, brake *brake, d *compiled, n int, dir string) (*report.Report, int) {
	once, err := s.nth(d, n)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(dir), 0o700)
	}
	if err != nil {
		s.complain(err)
		return nil, exitBroken
	}
	done, err := s.drill(ctx, brake, once, dir)
	if err != nil {
		return nil, s.unbegun(once, err)
	}
	r, code := s.concluded(ctx, done)
	if r != nil && code == codeOf(r.Verdict.Grade) {
		code = exitPass // what was measured is for all drills together to say
	}
	return r, first([]int{done.code, code})
}

// nth is a scenario compiled for the n-th time: all that is drawn by its seed is drawn by another, so that drills are
// independent of each other.
func (s *session) nth(d *compiled, n int) (*compiled, error) {
	opts, err := s.runOptions(s.flags)
	if err != nil {
		return nil, err
	}
	opts.Repeated = true
	seed := d.plan.Record.Seed + uint64(n-1)
	if opts.Seed = &seed; s.flags.phase != 0 {
		opts.PhaseSeed += uint64(n - 1)
	}
	with := d.with
	with.Drawn = true // what varies was tried when it was compiled first
	return s.compileOne(d.source, with, opts)
}

// setLine is the outcome of many drills in one line.
func setLine(set *report.Report) string {
	return strings.ToUpper(string(set.Verdict.Grade)) + ": " + report.RepetitionLine(set.Set)
}

// exportSet writes what many drills conclude together beside their folders.
func exportSet(dir string, set *report.Report) error {
	var errs []error
	for _, e := range report.SetExporters(func(folder string) string { return linkTo(dir, filepath.Join(dir, folder)) }) {
		var text bytes.Buffer
		err := e.Write(&text, set)
		if err == nil {
			err = drill.Replace(filepath.Join(dir, e.File), text.Bytes())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("writing %s: %w", filepath.Join(dir, e.File), err))
		}
	}
	return errors.Join(errs...)
}
