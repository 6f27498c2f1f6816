package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// compareFlags are the flags of compare.
type compareFlags struct {
	format     string
	json       bool
	out        string
	confidence float64
	effect     string
	atLeast    time.Duration
	said       bool // what AtLeast is
	force      bool
	scenario   string
	outlet     outletFlags
}

func (p *program) compareCommand() *cobra.Command {
	var flags compareFlags
	cmd := &cobra.Command{
		Use: "compare A B", Short: "Tell whether runs after a change differ from those before it",
		Long: `Compare two sets of runs of one scenario: A before a change, B after it. Each is a run's folder, that of a drill which
was repeated, or any folder with runs below it. Of each measure it tells by how much it has shifted, with bounds and
corrected for being one of several; whether that is better, the same or worse, or how many runs would tell. Exits 0 where
B is the same or better, 1 where it is worse, 2 where that can't be told. Simulated runs are left out: of many drills
simulate keeps the worst alone.`,
		Example: `  regiondrill compare runs/before runs/after
  regiondrill compare runs/before runs/after --format markdown
  regiondrill compare main branch --effect 20% --at-least 2s --out compared`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("name two folders: of the runs before a change, and of those after it; got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.said = cmd.Flags().Changed("at-least")
			if flags.json {
				flags.format = "json"
			}
			return p.compare(cmd.Context(), args[0], args[1], flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.format, "format", "text", "what to print: text, json, html, junit or markdown")
	set.BoolVar(&flags.json, "json", false, "the same as --format json")
	set.StringVar(&flags.out, "out", "",
		"write "+strings.Join(comparedFiles(), ", ")+" to `DIR`, which must not hold anything yet")
	set.Float64Var(&flags.confidence, "confidence", repetition.Confidence, "that of its bounds and answers")
	set.StringVar(&flags.effect, "effect", "10%", "what must have shifted to count, as a `SHARE` of A's median")
	set.DurationVar(&flags.atLeast, "at-least", 0, "by how much a recovery must have shifted to "+
		"count, beside --effect, as a `DURATION`; if not said, two periods of the people who measure it")
	set.StringVar(&flags.scenario, "scenario", "", "compare the runs of this scenario alone, by its `NAME`")
	flags.outlet.bind(set, "with --notify: tell the outcome as that of the `NAME`; if not said, that of the runs")
	set.BoolVar(&flags.force, "force", false, "compare runs that differ in scenario, target or checks all the same")
	return cmd
}

// compared are the words for what one can have a comparison printed as, and the file that holds the same.
var compared = map[string]string{
	"json": "comparison.json", "html": "comparison.html", "junit": "junit.xml", "markdown": "summary.md",
}

func comparedFiles() []string {
	var files []string
	for _, format := range keysOf(compared) {
		files = append(files, compared[format])
	}
	return files
}

func (f *compareFlags) rule() (comparison.Rule, error) {
	rule := comparison.Rule{Confidence: f.confidence, Force: f.force}
	if !(f.confidence > 0 && f.confidence < 1) {
		return rule, errors.New("--confidence must be above 0 and below 1")
	}
	share, percent := strings.CutSuffix(f.effect, "%")
	effect, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
	if percent {
		effect /= 100
	}
	if err != nil || !(effect >= 0 && effect < 100) {
		return rule, fmt.Errorf("--effect must be a share of A's median, such as 10%% or 0.1, not %q", f.effect)
	}
	rule.Effect = effect
	if f.atLeast < 0 {
		return rule, errors.New("--at-least must not be negative")
	}
	if f.said {
		least := verdict.Seconds(f.atLeast.Seconds())
		rule.AtLeast = &least
	}
	return rule, nil
}

func (p *program) compare(ctx context.Context, a, b string, flags compareFlags) error {
	if _, known := compared[flags.format]; !known && flags.format != "text" {
		return fmt.Errorf("there is no format %q; known are text, %s", flags.format, strings.Join(keysOf(compared), ", "))
	}
	rule, err := flags.rule()
	if err != nil {
		return err
	}
	notifiers, err := p.outlet(&flags.outlet)
	if err != nil {
		return err
	}
	var sets [2]*comparison.Set
	for i, path := range []string{a, b} {
		if sets[i], err = p.set(path, flags.scenario); err != nil {
			return err
		}
	}
	result, err := comparison.Of(sets[0], sets[1], rule)
	if err != nil {
		return err
	}
	if flags.out != "" {
		if err := p.writeComparison(flags.out, result); err != nil {
			return err
		}
	}
	text, err := p.renderComparison(result, flags.format, ".")
	if err == nil {
		_, err = p.stdout.Write(text)
	}
	if err != nil {
		return broke(fmt.Errorf("writing the result: %w", err))
	}
	if flags.out != "" && flags.format == "text" {
		fmt.Fprintf(p.stdout, "\nReport  %s\n", filepath.Join(flags.out, compared["html"]))
	}
	folder := ""
	if flags.out != "" {
		folder = filepath.Base(flags.out)
	}
	link := linkAt(flags.outlet.reportURL, time.Now(), folder, result.Scenario, compared["html"])
	p.notify(ctx, notifiers, []report.Notice{report.NoticeOfComparison(result, flags.outlet.environment, link)})
	return leave(codeOf(result.Answer.Grade()))
}

// set reads the runs at or below a folder, of one scenario where one is named, and tells what it had to skip.
func (p *program) set(path, scenario string) (*comparison.Set, error) {
	s, err := comparison.Read(path)
	if err != nil {
		return nil, err
	}
	for _, skipped := range s.Skipped {
		fmt.Fprintf(p.stderr, "skipped %s: %s\n", report.Clean(skipped.Folder), report.Clean(skipped.Why))
	}
	if scenario != "" {
		err = s.Only(scenario)
	}
	return s, err
}

// writeComparison writes a comparison in all formats.
func (p *program) writeComparison(out string, result *comparison.Result) error {
	if err := vacant(out); err != nil {
		return err
	}
	for _, format := range keysOf(compared) {
		text, err := p.renderComparison(result, format, out)
		if err == nil {
			err = drill.Replace(filepath.Join(out, compared[format]), text)
		}
		if err != nil {
			return broke(fmt.Errorf("writing %s: %w", compared[format], err))
		}
	}
	return nil
}

// renderComparison makes the text of one format; from is the folder from which a page's links lead.
func (p *program) renderComparison(result *comparison.Result, format, from string) ([]byte, error) {
	var text bytes.Buffer
	write := map[string]func(io.Writer, *comparison.Result) error{
		"json": report.WriteComparison, "junit": report.ComparisonJUnit, "markdown": report.ComparisonSummary,
		"html": func(w io.Writer, r *comparison.Result) error {
			return report.ComparisonPage(w, r, func(folder string) string { return linkTo(from, folder) })
		},
		"text": func(w io.Writer, r *comparison.Result) error { return report.ComparisonText(w, r, p.look()) },
	}[format]
	err := write(&text, result)
	return text.Bytes(), err
}

// linkTo is the address of a run's own report from a page in a folder; empty where there is none.
func linkTo(from, folder string) string {
	page := filepath.Join(folder, formats["html"])
	if info, err := os.Stat(page); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	var absolute [2]string
	for i, path := range []string{from, page} {
		var err error
		if absolute[i], err = filepath.Abs(path); err != nil {
			return ""
		}
	}
	relative, err := filepath.Rel(absolute[0], absolute[1])
	if err != nil { // on another drive
		return ""
	}
	return (&url.URL{Path: filepath.ToSlash(relative)}).String()
}
