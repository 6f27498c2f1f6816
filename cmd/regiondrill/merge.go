package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// mergeFlags are the flags of merge.
type mergeFlags struct {
	out    string
	format string
	json   bool
}

func (p *program) mergeCommand() *cobra.Command {
	var flags mergeFlags
	cmd := &cobra.Command{
		Use: "merge DIR…", Short: "Make one report of what several machines have run",
		Long: `Make one report of drills that ran in parts (run --shard), on as many machines: report.html, junit.xml, summary.md,
verdict.json and metrics.prom of all of them, with those of each drill below. DIR is the folder of a part, or one that
holds several. What lies there twice is told and counts once; a drill that no part has run, and a folder that can't be
read, are unknown. The folders themselves are left as they are.

Exit code: that which one run of all drills would have had.`,
		Example: `  regiondrill merge part-1 part-2 part-3 --out drill
  regiondrill merge parts --format markdown`,
		Args: atLeastOne("a folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			if flags.json {
				flags.format = "json"
			}
			return p.merge(args, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.out, "out", "", "the `DIR` of the report, which must not hold anything yet "+
		"(default runs/TIME-merged)")
	set.StringVar(&flags.format, "format", "text", "what to print: text, json, html, junit, markdown or prom")
	set.BoolVar(&flags.json, "json", false, "the same as --format json")
	return cmd
}

// merged is what was found in all folders.
type merged struct {
	parts map[string]sharded // by their folders
	runs  []string           // folders of runs, and of drills that were repeated
	unrun []*report.Report
	told  []*report.Report
	notes []string // for people
}

func (p *program) merge(dirs []string, flags mergeFlags) error {
	if _, known := formats[flags.format]; !known && flags.format != "text" {
		return noFormat(flags.format)
	}
	m := &merged{parts: map[string]sharded{}}
	for _, dir := range dirs {
		if err := m.find(dir); err != nil {
			return err
		}
	}
	all, err := m.set()
	if err != nil {
		return err
	}
	m.load(p)
	m.complete(all)
	for _, note := range m.notes {
		fmt.Fprintln(p.stderr, note)
	}
	if len(m.told)+len(m.unrun) == 0 {
		fmt.Fprintln(p.stdout, "Nothing was to be run, and nothing was.")
		return nil
	}
	if flags.out == "" {
		flags.out = history.FolderName(runsDir, time.Now(), "merged")
	}
	if err := p.exportTo(flags.out, m.told, m.unrun); err != nil {
		return err
	}
	p.tellMerged(m, flags)
	return leave(first(m.codes()))
}

// find finds runs, parts and what was not run in a folder, at any depth.
func (m *merged) find(dir string) error {
	found := len(m.parts) + len(m.runs)
	err := history.Below(dir, func(path string) error {
		if concludable(path) {
			m.runs = append(m.runs, path)
			return fs.SkipDir
		}
		unrun, _ := aggregated(path)
		m.unrun = append(m.unrun, unrun...)
		return m.part(path)
	})
	switch {
	case err != nil:
		return err
	case len(m.parts)+len(m.runs) == found:
		return fmt.Errorf("%s holds no run, nor a part of some: there is neither a %s nor a %s in it, nor below", dir,
			history.HistoryFile, shardFile)
	}
	return nil
}

// part reads what a folder says of what was to be run, if it says so.
func (m *merged) part(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, shardFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var s sharded
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil || s.Schema != shardSchema {
		m.note("%s can't be read: what was to be run there is not known", filepath.Join(dir, shardFile))
		return nil //nolint:nilerr // it is told
	}
	m.parts[dir] = s
	return nil
}

func (m *merged) note(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

// set is what all parts together were to run, in its order; none where there are no parts. Its error says that they are
// parts of different sets.
func (m *merged) set() ([]string, error) {
	var of string
	var first sharded
	have := map[int]string{}
	for _, dir := range keysOf(m.parts) {
		s := m.parts[dir]
		if of == "" {
			of, first = dir, s
		}
		if err := sameSet(of, first, dir, s); err != nil {
			return nil, err
		}
		if other, twice := have[s.Part]; twice {
			m.note("%s and %s are both part %d of %d", other, dir, s.Part, s.Of)
		}
		have[s.Part] = dir
	}
	var missing []string
	for i := 1; i <= first.Of; i++ {
		if _, has := have[i]; !has {
			missing = append(missing, fmt.Sprint(i))
		}
	}
	if len(missing) > 0 {
		m.note("of %d parts there is no %s", first.Of, strings.Join(missing, ", no "))
	}
	return first.All, nil
}

// sameSet says how two parts are parts of different sets.
func sameSet(a string, x sharded, b string, y sharded) error {
	if x.Of != y.Of {
		return fmt.Errorf("%s is a part of %d and %s one of %d: they are of different sets", a, x.Of, b, y.Of)
	}
	only := func(x, y []string) []string {
		return slices.DeleteFunc(slices.Clone(x), func(name string) bool { return slices.Contains(y, name) })
	}
	if more, less := only(x.All, y.All), only(y.All, x.All); len(more)+len(less) > 0 {
		in := a
		if len(more) == 0 {
			more, in = less, b
		}
		return fmt.Errorf("%s and %s are parts of different sets: only that of %s names %s", a, b, in,
			strings.Join(more, ", "))
	}
	return nil
}

// load concludes all runs. Of one that lies there twice only the first counts.
func (m *merged) load(p *program) {
	seen, where := map[string]string{}, map[string]string{}
	for _, dir := range m.runs {
		r, err := p.loadOne(dir)
		if err != nil {
			m.note("%s can't be read: %v", dir, err)
			m.unrun = append(m.unrun, nothingOf(filepath.Base(dir), fmt.Sprintf("its history can't be read: %v", err)))
			continue
		}
		name, started := r.Verdict.Scenario, r.Verdict.Started.Format(time.RFC3339Nano)
		key := fmt.Sprint(name, r.Verdict.Seed, started)
		if r.Set != nil {
			set, _ := json.Marshal(r.Set) // which was read as JSON
			key = string(set)
		}
		switch {
		case seen[key] != "":
			m.note("%s is the same run as %s, and counts once", dir, seen[key])
			continue
		case where[name] != "":
			m.note("%s was run twice, in %s and in %s; both count", name, where[name], dir)
		}
		seen[key], where[name] = dir, cmp.Or(where[name], dir)
		m.told = append(m.told, r)
	}
}

// complete adds what was to be run and wasn't, leaves out of that what another part has run, and puts all into the
// set's order.
func (m *merged) complete(all []string) {
	var ran []string
	for _, r := range m.told {
		ran = append(ran, r.Verdict.Scenario)
	}
	var unrun []*report.Report
	for _, r := range m.unrun {
		if name := r.Verdict.Scenario; !slices.Contains(ran, name) {
			unrun, ran = append(unrun, r), append(ran, name)
		}
	}
	for _, name := range all {
		if !slices.Contains(ran, name) {
			m.note("%s was run by no part", name)
			unrun = append(unrun, nothingOf(name, "the drill was to be run, and no part that was merged has run it"))
		}
	}
	m.unrun = unrun
	turn := func(a, b *report.Report) int {
		return cmp.Compare(slices.Index(all, a.Verdict.Scenario), slices.Index(all, b.Verdict.Scenario))
	}
	slices.SortStableFunc(m.told, turn)
	slices.SortStableFunc(m.unrun, turn)
}

// nothingOf is the report of a drill of which nothing is known.
func nothingOf(scenario, why string) *report.Report {
	return &report.Report{Verdict: &verdict.Verdict{Schema: verdict.Schema, Scenario: scenario, Grade: verdict.Unknown,
		Version: versionText(), Findings: []verdict.Finding{},
		Measures: verdict.Measures{Validity: verdict.Validity{Grade: verdict.Unknown, Notes: []string{why},
			Reasons: []verdict.Reason{{Code: verdict.NotBegun, Ends: true}}}}}}
}

// codes are the exit codes of all that was merged. What is skipped counts nowhere, unless all is.
func (m *merged) codes() []int {
	codes := []int{exitPass}
	all := slices.Concat(m.told, m.unrun)
	for _, r := range all {
		if r.History != nil && r.History.End != nil && !r.History.End.Undone {
			codes = append(codes, exitNotUndone)
		}
	}
	return append(codes, codesOf(all)...)
}

// tellMerged prints it.
func (p *program) tellMerged(m *merged, flags mergeFlags) {
	all := slices.Concat(m.told, m.unrun)
	p.warn(p.show(all, flags.format))
	p.warn(p.summarize(all))
	if flags.format == "text" {
		fmt.Fprintf(p.stdout, "\n%s%s.\nAll of them  %s\n", report.Tally(all), ranAgain(all),
			filepath.Join(flags.out, formats["html"]))
	}
}
