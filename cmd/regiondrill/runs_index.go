package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/runs"
)

// indexFile is the page of a folder of runs, in that folder.
const indexFile = "index.html"

func (p *program) runsIndexCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "index [DIR]", Short: "Write a page of all of them",
		Long: `Write index.html into the folder: all runs in a table that can be sorted and filtered, how each recovery went over time,
and links to the reports. What was read of each run is kept beside it in index.cache, so that the next time only new ones
are read; it may be deleted at any time.`,
		Example: `  regiondrill runs index
  regiondrill runs index /srv/drills`,
		Args: atMostOne("a folder of runs"),
		RunE: func(_ *cobra.Command, args []string) error { return p.indexRuns(cmp.Or(append(args, *dir)...)) },
	}
}

func (p *program) indexRuns(dir string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(collectRarely)) // a quarter faster with thousands of runs
	s, err := p.shelf(dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(s.Runs, func(r runs.Run) bool { return r.Folder == "." }) {
		return fmt.Errorf("%s is a run's folder itself; name the folder that it lies in", dir)
	}
	page := filepath.Join(dir, indexFile)
	there, err := readBounded(page)
	switch {
	case err == nil && !bytes.Contains(there, []byte(`<meta name="generator" content="regiondrill">`)):
		return fmt.Errorf("%s is there already, and none of ours: move it away", page)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	var text bytes.Buffer
	if err := report.IndexPage(&text, s); err != nil {
		return broke(err)
	}
	if err := drill.Replace(page, text.Bytes()); err != nil {
		return broke(fmt.Errorf("writing %s: %w", page, err))
	}
	if s.Forgotten() {
		kept, err := s.Remember()
		if err == nil {
			err = drill.Replace(filepath.Join(dir, runs.CacheFile), kept)
		}
		p.warn(err)
	}
	fmt.Fprintf(p.stdout, "%s: %s\n", page, count(len(s.Standing()), len(s.Standing())))
	return nil
}
