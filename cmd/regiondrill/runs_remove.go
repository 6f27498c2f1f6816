package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/runs"
)

// removeFlags are those of all that removes runs.
type removeFlags struct{ yes, dry bool }

func (f *removeFlags) bind(set *pflag.FlagSet) {
	set.BoolVarP(&f.yes, "yes", "y", false, "don't ask")
	set.BoolVar(&f.dry, "dry-run", false, "tell what would be removed, and remove nothing")
}

func (p *program) runsRemoveCommand(dir *string) *cobra.Command {
	var flags removeFlags
	cmd := &cobra.Command{
		Use: "rm RUN…", Short: "Remove runs",
		Long: `Remove the folders of runs, each by its name or the beginning of that. What is no run's folder is never touched, nor a
run that goes on or has left something to undo, nor what a link leads to.`,
		Example: `  regiondrill runs rm 20261123T155611Z --yes`,
		Args:    atLeastOne("a run"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := runs.Read(*dir)
			if err != nil {
				return err
			}
			var units []runs.Unit
			for _, word := range args {
				r, err := p.pick(s, word)
				if err != nil {
					return err
				}
				if r.Folder != r.Unit {
					return fmt.Errorf("%s is one of the drills of %s, which are told of together; name that", r.Folder, r.Unit)
				}
				i := slices.IndexFunc(s.Units(), func(u runs.Unit) bool { return u.Folder == r.Unit })
				if !slices.Contains(units, s.Units()[i]) {
					units = append(units, s.Units()[i])
				}
			}
			return p.removeRuns(s, units, flags)
		},
	}
	flags.bind(cmd.Flags())
	return cmd
}

func (p *program) runsPruneCommand(dir *string) *cobra.Command {
	var flags removeFlags
	var keep int
	var older string
	cmd := &cobra.Command{
		Use: "prune [DIR]", Short: "Remove old runs",
		Long: `Remove all runs but the newest, or those that are older than so long; with both, those that are older and not among
the newest. The drills of one command are counted as one, by the newest. It touches as little as runs rm.`,
		Example: `  regiondrill runs prune --keep 100 --dry-run
  regiondrill runs prune --older-than 90d --keep 10 --yes`,
		Args: atMostOne("a folder of runs"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch said := cmd.Flags().Changed("keep"); {
			case !said:
				keep = -1
			case keep < 0:
				return fmt.Errorf("--keep is how many of the newest stay, 0 or more, not %d", keep)
			}
			s, err := runs.Read(cmp.Or(append(args, *dir)...))
			if err != nil {
				return err
			}
			units, err := outdated(s, keep, older, time.Now())
			if err != nil {
				return err
			}
			return p.removeRuns(s, units, flags)
		},
	}
	flags.bind(cmd.Flags())
	cmd.Flags().IntVar(&keep, "keep", 0, "keep the newest `N`")
	cmd.Flags().StringVar(&older, "older-than", "", "remove what was begun longer ago than this `AGE`, such as 90d")
	return cmd
}

// outdated is what is to go. keep is below 0 where it was not said.
func outdated(s *runs.Shelf, keep int, older string, now time.Time) ([]runs.Unit, error) {
	if keep < 0 && older == "" {
		return nil, errors.New("say what to keep: --keep N, --older-than AGE, or both")
	}
	units := s.Units()
	if keep >= 0 {
		units = units[min(keep, len(units)):]
	}
	if older == "" {
		return units, nil
	}
	age, err := ageOf(older)
	if err != nil {
		return nil, fmt.Errorf("--older-than must be a length of time such as 90d, 12w or 36h, not %q", older)
	}
	return slices.DeleteFunc(units, func(u runs.Unit) bool { return !u.Begun.Before(now.Add(-age)) }), nil
}

// removeRuns removes what commands wrote, but for what is still needed.
func (p *program) removeRuns(s *runs.Shelf, units []runs.Unit, flags removeFlags) error {
	if slices.ContainsFunc(units, func(u runs.Unit) bool { return u.Folder == "." }) {
		return fmt.Errorf("%s is a run's folder itself; name the folder that it lies in by --dir", s.Path)
	}
	open, err := p.openRuns()
	if err != nil {
		return fmt.Errorf("which runs are still needed can't be told, so none is removed: %w", err)
	}
	var gone []runs.Unit
	for _, u := range units {
		folder := filepath.Join(s.Path, filepath.FromSlash(u.Folder))
		if why := cmp.Or(neededFor(folder, open), stays(s, u)); why != "" {
			fmt.Fprintf(p.stdout, "left %s: %s\n", report.Clean(u.Folder), why)
		} else {
			gone = append(gone, u)
		}
	}
	switch {
	case len(gone) == 0:
		fmt.Fprintln(p.stdout, "nothing is removed")
		return nil
	case flags.dry:
		for _, u := range gone {
			fmt.Fprintf(p.stdout, "would remove %s\n", unitWords(u))
		}
		return nil
	case flags.yes:
	case !terminal(p.stdin) || !terminal(p.stderr):
		return fmt.Errorf("nobody can be asked whether to remove %s: say --yes, or --dry-run to see which", howMany(gone))
	default:
		if !p.agreed(gone) {
			return errors.New("nothing is removed")
		}
	}
	return p.remove(s.Path, gone)
}

func howMany(units []runs.Unit) string {
	if len(units) == 1 {
		return units[0].Folder
	}
	return fmt.Sprintf("%d folders", len(units))
}

func unitWords(u runs.Unit) string {
	if u.Runs == 1 {
		return report.Clean(u.Folder)
	}
	return fmt.Sprintf("%s (%d runs)", report.Clean(u.Folder), u.Runs)
}

func (p *program) agreed(gone []runs.Unit) bool {
	for _, u := range gone {
		fmt.Fprintln(p.stderr, unitWords(u))
	}
	fmt.Fprintf(p.stderr, "Remove %s for good? [y/N] ", howMany(gone))
	answer, _ := bufio.NewReader(p.stdin).ReadString('\n') // no answer is a no
	return strings.EqualFold(strings.TrimSpace(answer), "y")
}

// remove works within the folder alone, wherever links in it lead.
func (p *program) remove(dir string, gone []runs.Unit) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return broke(err)
	}
	defer root.Close() //nolint:errcheck // nothing was written through it
	var errs []error
	for _, u := range gone {
		info, err := root.Lstat(u.Folder)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is no folder any more", u.Folder)
		}
		if err == nil {
			err = root.RemoveAll(u.Folder)
		}
		if errs = append(errs, err); err == nil {
			fmt.Fprintf(p.stdout, "removed %s\n", unitWords(u))
		}
	}
	return brokeBy(errs)
}

// openRuns are the runs of this user that go on, or were killed and are not undone, each with why it is needed.
func (p *program) openRuns() (map[string]string, error) {
	left, live, err := drill.UserRuns(p.getenv).Residue()
	if err != nil {
		return nil, err
	}
	open := map[string]string{}
	for _, run := range left {
		run.Keep()
		open[real(run.Folder)] = "it was killed, and may have left something: regiondrill recover undoes it"
	}
	for _, run := range live {
		open[real(run.Folder)] = fmt.Sprintf("it goes on (process %d)", run.PID)
	}
	return open, nil
}

// real is where a path leads.
func real(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path
}

// neededFor is why a folder must stay, for a run in it; empty where it may go.
func neededFor(folder string, open map[string]string) string {
	folder = real(folder)
	for run, why := range open {
		if below, err := filepath.Rel(folder, run); err == nil && filepath.IsLocal(below) {
			return why
		}
	}
	return ""
}

// stays is why what a command wrote must stay, for what lies around it or in it: drills that go on, or a run that is
// none of its own or was not concluded. Empty where it may go.
func stays(s *runs.Shelf, u runs.Unit) string {
	for at := u.Folder; ; at = path.Dir(at) {
		if drill.GoesOn(filepath.Join(s.Path, filepath.FromSlash(at))) {
			return "drills of it go on"
		}
		if at == "." {
			break
		}
	}
	own := map[string]bool{}
	for _, r := range s.Runs {
		own[filepath.Join(s.Path, filepath.FromSlash(r.Folder))] = r.Unit == u.Folder
	}
	why := ""
	err := history.Below(filepath.Join(s.Path, filepath.FromSlash(u.Folder)), func(at string) error {
		if holdsRun(at) && !own[at] {
			why = fmt.Sprintf("in it lies %s, which is no run of it that was concluded", at)
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return why
}
