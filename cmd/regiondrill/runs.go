package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/comparison"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/runs"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

func (p *program) runsCommand() *cobra.Command {
	dir := runsDir
	cmd := &cobra.Command{
		Use: "runs", Short: "Look through past runs, and clear them away",
		Long: `Look through a folder of past runs: the one named runs, or that of --dir. The folders are the record; there is nothing
else to keep.`,
		Example: `  regiondrill runs list --scenario primary-region-outage --since 30d
  regiondrill runs show 20261123T1556
  regiondrill runs prune --older-than 90d --dry-run`,
		Args: p.noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&dir, "dir", runsDir, "the `FOLDER` of runs")
	cmd.AddCommand(p.runsListCommand(&dir), p.runsIndexCommand(&dir), p.runsShowCommand(&dir), p.runsOpenCommand(&dir),
		p.runsRemoveCommand(&dir), p.runsPruneCommand(&dir))
	return cmd
}

// shelf reads a folder of runs, and tells what it had to skip.
func (p *program) shelf(dir string) (*runs.Shelf, error) {
	s, err := runs.Read(dir)
	if err != nil {
		return nil, err
	}
	for _, skipped := range s.Skipped {
		fmt.Fprintf(p.stderr, "skipped %s: %s\n", report.Clean(skipped.Folder), report.Clean(skipped.Why))
	}
	return s, nil
}

// wantedFlags say which runs are wanted.
type wantedFlags struct{ scenario, target, grade, since, until string }

func (f *wantedFlags) bind(set *pflag.FlagSet) {
	set.StringVar(&f.scenario, "scenario", "", "only runs of the scenario of this `NAME`")
	set.StringVar(&f.target, "target", "", "only runs on this `TARGET`")
	set.StringVar(&f.since, "since", "", "only runs begun on this `DATE` or later, such as 2026-11-23 or 30d")
	set.StringVar(&f.until, "until", "", "only runs begun on this `DATE` or earlier")
}

var grades = []string{string(verdict.Pass), string(verdict.Fail), string(verdict.Unknown), string(verdict.Skipped)}

func (f *wantedFlags) filter(now time.Time) (runs.Filter, error) {
	wanted := runs.Filter{Scenario: f.scenario, Target: f.target, Grade: verdict.Grade(strings.ToLower(f.grade))}
	if f.grade != "" && !slices.Contains(grades, string(wanted.Grade)) {
		return wanted, fmt.Errorf("--verdict must be one of %s, not %q", strings.Join(grades, ", "), f.grade)
	}
	var err error
	if wanted.Since, err = dateOf("since", f.since, now, 0); err == nil {
		wanted.Until, err = dateOf("until", f.until, now, 24*time.Hour)
	}
	return wanted, err
}

// dateOf reads a day, which lasts so long, an instant, or how long ago; zero where nothing was said.
func dateOf(flag, said string, now time.Time, lasts time.Duration) (time.Time, error) {
	if said == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, said); err == nil {
		return day.Add(lasts), nil
	}
	if at, err := time.Parse(time.RFC3339, said); err == nil {
		return at, nil
	}
	ago, err := ageOf(said)
	if err != nil {
		return time.Time{}, fmt.Errorf("--%s must be a date such as 2026-11-23 or 2026-11-23T15:00:00Z, or how long ago, "+
			"such as 30d, not %q", flag, said)
	}
	return now.Add(-ago), nil
}

// ageOf reads a length of time that may be in days or weeks.
func ageOf(said string) (time.Duration, error) {
	for unit, long := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		number, is := strings.CutSuffix(said, unit)
		if n, err := strconv.ParseUint(number, 10, 16); is && err == nil {
			return time.Duration(n) * long, nil
		}
	}
	age, err := time.ParseDuration(said)
	if err != nil || age < 0 {
		return 0, errors.New("no length of time")
	}
	return age, nil
}

func (p *program) runsListCommand(dir *string) *cobra.Command {
	var wanted wantedFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list [DIR]", Short: "List past runs, the newest first",
		Example: `  regiondrill runs list
  regiondrill runs list /srv/drills --verdict fail --since 2026-11-01`,
		Args: atMostOne("a folder of runs"),
		RunE: func(_ *cobra.Command, args []string) error {
			filter, err := wanted.filter(time.Now())
			if err != nil {
				return err
			}
			return p.listRuns(cmp.Or(append(args, *dir)...), filter, asJSON)
		},
	}
	wanted.bind(cmd.Flags())
	cmd.Flags().StringVar(&wanted.grade, "verdict", "",
		"only runs that ended in this `GRADE`: pass, fail, unknown or skipped")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) listRuns(dir string, wanted runs.Filter, asJSON bool) error {
	s, err := p.shelf(dir)
	if err != nil {
		return err
	}
	all := wanted.Only(s.Standing())
	if asJSON {
		return p.json(struct {
			Schema  string               `json:"schema"`
			Path    string               `json:"path"`
			Runs    []runs.Run           `json:"runs"`
			Skipped []comparison.Skipped `json:"skipped"`
		}{"regiondrill.runs/v1", s.Path, append([]runs.Run{}, all...), append([]comparison.Skipped{}, s.Skipped...)})
	}
	var rows []string
	for i := range all {
		rows = append(rows, rowOf(&all[i]))
	}
	text := p.page()
	text.table(fmt.Sprintf("%s: %s", report.Clean(s.Path), count(len(all), len(s.Standing()))), rows)
	return p.print(text)
}

// rowOf is a run in a list. Its folder is told of where it isn't named as usual, by its stamp and its scenario.
func rowOf(r *runs.Run) string {
	stamp, rest, _ := strings.Cut(r.Folder, "-")
	if _, ok := runs.Stamped(r.Folder); !ok {
		stamp = history.Stamp(r.Begun)
	}
	words := report.RunWords(r)
	if rest != r.Scenario {
		words += "; in " + r.Folder
	}
	return strings.Join([]string{stamp, r.Scenario, r.Target, report.RunGrade(r), strings.TrimPrefix(words, "; ")}, "\t")
}

// count says how many of all runs are shown.
func count(n, all int) string {
	switch {
	case n != all:
		return fmt.Sprintf("%d of %d runs", n, all)
	case n == 1:
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

// pick finds the one run that a word means: a path to it, its folder's name, or the beginning of that.
func (p *program) pick(s *runs.Shelf, word string) (*runs.Run, error) {
	name := filepath.ToSlash(filepath.Clean(word))
	if below, err := filepath.Rel(s.Path, word); err == nil && filepath.IsLocal(below) {
		name = filepath.ToSlash(below)
	}
	found := s.Find(name)
	switch len(found) {
	case 1:
		return &found[0], nil
	case 0:
		for _, skipped := range s.Skipped {
			if skipped.Folder == filepath.Join(s.Path, name) {
				return nil, fmt.Errorf("%s can't be read as a run: %s", word, skipped.Why)
			}
		}
		return nil, fmt.Errorf("there is no run %q in %s; regiondrill runs list shows all", word, s.Path)
	}
	const most = 10
	text := fmt.Sprintf("%q may be any of %d runs:", word, len(found))
	for i, r := range found {
		if i == most {
			text += "\n  …"
			break
		}
		text += "\n  " + report.Clean(r.Folder)
	}
	return nil, errors.New(text)
}

func (p *program) runsShowCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "show RUN", Short: "Print what one came to",
		Long: `Print what a past run came to, concluded from its history as analyze does, and write nothing. RUN is the name of its
folder, or the beginning of that.`,
		Example: `  regiondrill runs show 20261123T155611Z`,
		Args:    exactlyOne("a run"),
		RunE: func(_ *cobra.Command, args []string) error {
			folder, r, err := p.picked(*dir, args[0])
			if err != nil {
				return err
			}
			return p.showRun(folder, r)
		},
	}
}

func (p *program) showRun(dir string, r *runs.Run) error {
	if r.Repetition != nil {
		all, err := repetition.Read(dir)
		if err != nil {
			return err
		}
		return p.show([]*report.Report{report.Summed(all, dir)}, "text")
	}
	if holdsRun(dir) {
		told, err := p.runner().Load(dir)
		if err != nil {
			return err
		}
		return p.show([]*report.Report{told}, "text")
	}
	text, err := os.ReadFile(filepath.Join(dir, formats["json"]))
	if err != nil {
		return err
	}
	v, err := comparison.ReadVerdict(text)
	if err != nil {
		return err
	}
	return p.show([]*report.Report{{Verdict: v, Dir: dir}}, "text")
}

// picked is the run below a folder that is meant by a word, and its own folder.
func (p *program) picked(dir, word string) (folder string, r *runs.Run, err error) {
	s, err := runs.Read(dir)
	if err != nil {
		return "", nil, err
	}
	if r, err = p.pick(s, word); err != nil {
		return "", nil, err
	}
	return filepath.Join(s.Path, filepath.FromSlash(r.Folder)), r, nil
}

func (p *program) runsOpenCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "open RUN", Short: "Open the report of one, where there is a desktop, and print its path",
		Example: `  regiondrill runs open 20261123T155611Z`,
		Args:    exactlyOne("a run"),
		RunE: func(_ *cobra.Command, args []string) error {
			folder, r, err := p.picked(*dir, args[0])
			if err != nil {
				return err
			}
			page := filepath.Join(folder, r.Page())
			if !r.Report {
				return fmt.Errorf("there is no %s; regiondrill analyze writes it", page)
			}
			fmt.Fprintln(p.stdout, page)
			p.warn(p.openPage(page))
			return nil
		},
	}
}

// openPage shows a page to who sits at a desktop, and does nothing where there is none.
func (p *program) openPage(page string) error {
	opener := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[runtime.GOOS]
	if opener == nil && (p.getenv("DISPLAY") != "" || p.getenv("WAYLAND_DISPLAY") != "") {
		opener = []string{"xdg-open"}
	}
	if opener == nil {
		return nil
	}
	page, err := filepath.Abs(page)
	if err != nil {
		return err
	}
	cmd := exec.Command(opener[0], append(opener[1:], page)...)
	cmd.Env = p.env
	if err := cmd.Start(); errors.Is(err, exec.ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("opening the report: %w", err)
	}
	return cmd.Process.Release()
}
