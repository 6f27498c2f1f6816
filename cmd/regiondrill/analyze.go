package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// analyzeFlags are the flags of analyze.
type analyzeFlags struct {
	format    string
	json      bool
	recursive bool
	out       string
}

func (p *program) analyzeCommand() *cobra.Command {
	var flags analyzeFlags
	cmd := &cobra.Command{
		Use: "analyze DIR…", Short: "Conclude again from a run's folder alone",
		Long: `Conclude again from the history in a run's folder, and rewrite verdict.json, report.html, junit.xml, summary.md and
metrics.prom there. The folder of several drills does for all of them, and that of a drill which was repeated for all
together. In any other folder the runs below it are rewritten only where that is confirmed, or by --recursive. Exits by
the grade, as run does.`,
		Example: `  regiondrill analyze runs/20261123T155611Z-primary-region-outage
  regiondrill analyze result --format markdown
  regiondrill analyze runs --recursive --out concluded-anew`,
		Args: atLeastOne("a run's folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			if flags.json {
				flags.format = "json"
			}
			return p.analyze(args, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.format, "format", "text", "what to print: text, json, html, junit, markdown or prom")
	set.BoolVar(&flags.json, "json", false, "the same as --format json")
	set.BoolVar(&flags.recursive, "recursive", false, "conclude all runs below a folder that is no run's, at any depth")
	set.StringVar(&flags.out, "out", "",
		"write the results to `DIR`, which must not hold anything yet, and rewrite nothing")
	return cmd
}

// analyzed is a folder that was named, with the runs that it stands for.
type analyzed struct {
	dir     string
	runs    []string // folders of runs, and of drills that were repeated
	several bool     // it is the folder of several drills, and has an aggregate of them
	told    []*report.Report
	unrun   []*report.Report // those of its drills that were not run
}

func (p *program) analyze(dirs []string, flags analyzeFlags) error {
	if _, known := formats[flags.format]; !known && flags.format != "text" {
		return noFormat(flags.format)
	}
	folders, err := p.folders(dirs, flags)
	if err != nil {
		return err
	}
	var all, unrun []*report.Report
	for _, f := range folders {
		if err := p.load(f); err != nil {
			return err
		}
		all, unrun = append(all, f.told...), append(unrun, f.unrun...)
	}
	if flags.out != "" {
		err = p.exportTo(flags.out, all, unrun)
	} else {
		err = p.exportInPlace(folders)
	}
	if err != nil {
		return err
	}
	all = append(all, unrun...)
	p.warn(p.show(all, flags.format))
	return leave(first(codesOf(all)))
}

// folders finds the runs that the arguments stand for. Its error is a sentence, and nothing was written.
func (p *program) folders(dirs []string, flags analyzeFlags) ([]*analyzed, error) {
	var all []*analyzed
	for _, dir := range dirs {
		f := &analyzed{dir: dir, runs: []string{dir}}
		if !concludable(dir) {
			runs, err := runsBelow(dir)
			if err != nil {
				return nil, err
			}
			f.runs = runs
			f.unrun, f.several = aggregated(dir)
		}
		if sure := f.several || flags.recursive || flags.out != "" || concludable(dir); !sure && !p.confirmed(f) {
			return nil, fmt.Errorf("%s is no run's folder; below it are %d: name them, or say --recursive to conclude them all "+
				"again, or --out DIR to rewrite none", dir, len(f.runs))
		}
		all = append(all, f)
	}
	return all, nil
}

// confirmed asks whoever sits at a terminal.
func (p *program) confirmed(f *analyzed) bool {
	if !terminal(p.stdin) || !terminal(p.stderr) {
		return false
	}
	fmt.Fprintf(p.stderr, "%s is no run's folder. Rewrite the results of the %d below it? [y/N] ", f.dir, len(f.runs))
	answer, _ := bufio.NewReader(p.stdin).ReadString('\n') // no answer is a no
	return strings.EqualFold(strings.TrimSpace(answer), "y")
}

func (p *program) load(f *analyzed) error {
	for _, dir := range f.runs {
		r, err := p.loadOne(dir)
		if err != nil {
			return err
		}
		f.told = append(f.told, r)
	}
	return nil
}

func (p *program) exportInPlace(folders []*analyzed) error {
	var errs []error
	for _, f := range folders {
		for i, r := range f.told {
			errs = append(errs, p.exportOne(f.runs[i], r))
		}
		if f.several {
			errs = append(errs, p.runner().Export(f.dir, append(slices.Clip(f.told), f.unrun...)))
		}
	}
	return brokeBy(errs)
}

// exportTo writes the results of one run to a folder, and of several to folders side by side in it, with an aggregate.
func (p *program) exportTo(out string, all, unrun []*report.Report) error {
	if err := vacant(out); err != nil {
		return err
	}
	if len(all) == 1 && len(unrun) == 0 {
		all[0].Out = out
		return brokeBy([]error{p.exportOne(out, all[0])})
	}
	var errs []error
	taken := map[string]bool{}
	for _, r := range all {
		name, err := freeName(r.Dir, taken)
		if err != nil {
			return broke(err)
		}
		r.Out = filepath.Join(out, name)
		if err := os.Mkdir(r.Out, 0o700); err != nil {
			return broke(err)
		}
		errs = append(errs, p.exportOne(r.Out, r))
	}
	return brokeBy(append(errs, p.runner().Export(out, append(slices.Clip(all), unrun...))))
}

// freeName is the name of a run's folder, with a number where another run of the name was taken already.
func freeName(dir string, taken map[string]bool) (string, error) {
	dir, err := filepath.Abs(dir) // so that . and .. have one
	if err != nil {
		return "", err
	}
	name := filepath.Base(dir)
	for i := 2; taken[name]; i++ {
		name = fmt.Sprintf("%s-%d", filepath.Base(dir), i)
	}
	taken[name] = true
	return name, nil
}

// brokeBy is what failed of all that was written, with the exit code for it.
func brokeBy(errs []error) error {
	if err := errors.Join(errs...); err != nil {
		return broke(err)
	}
	return nil
}

func holdsRun(dir string) bool { return history.Holds(dir, history.HistoryFile) }

// aggregated are the drills of a folder of several that left no folder of their own, because they were not run, as the
// aggregate has them. It is false where the folder holds no aggregate.
func aggregated(dir string) (unrun []*report.Report, several bool) {
	text, err := os.ReadFile(filepath.Join(dir, formats["json"]))
	var all struct {
		Schema string
		Drills []json.RawMessage
	}
	if err != nil || json.Unmarshal(text, &all) != nil {
		return nil, false
	}
	switch all.Schema {
	case report.VerdictsSchema:
	case verdict.Schema: // there was only one
		all.Drills = []json.RawMessage{text}
	default:
		return nil, false
	}
	for _, text := range all.Drills {
		var is struct{ Validity verdict.Validity }
		_ = json.Unmarshal(text, &is) // what can't be read is no such drill
		v := &verdict.Verdict{}
		if is.Validity.NotRun() && json.Unmarshal(text, v) == nil {
			unrun = append(unrun, &report.Report{Verdict: v})
		}
	}
	return unrun, true
}

// runsBelow lists the runs below a folder, in the order of their names, and for the runs of a drill that was repeated
// the folder of all of them. A run's own folder is not looked into.
func runsBelow(dir string) ([]string, error) {
	var runs []string
	err := history.Below(dir, func(path string) error {
		if concludable(path) {
			runs = append(runs, path)
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if runs == nil {
		return nil, fmt.Errorf("%s is no run's folder: there is no %s in it, nor below", dir, history.HistoryFile)
	}
	slices.Sort(runs)
	return runs, nil
}
