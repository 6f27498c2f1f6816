package catalog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// FuzzRead reads and compiles whatever bytes as the command line does: it gives a plan, or mistakes with their places
// within the file, and never panics.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"../../scenarios/*.yaml", "../scenario/testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, "probes.0.every=0s")
		}
	}
	c := Default()
	f.Fuzz(func(t *testing.T, data []byte, flag string) {
		var sets []scenario.Set
		if set, err := scenario.ParseSet(flag); err == nil {
			sets = append(sets, set)
		}
		_, plan, err := c.Read(bytes.NewReader(data), "F", sets, engine.Options{Target: c.Targets[0]})
		if err == nil {
			if _, err := plan.AsJSON(); err != nil || plan.Duration() < 0 {
				t.Errorf("a plan of %v that is written as %v", plan.Duration(), err)
			}
			return
		}
		var all scenario.Errors
		if !errors.As(err, &all) {
			t.Fatalf("an error of another kind: %v", err)
		}
		within(t, data, all)
	})
}

// within holds every place against the file.
func within(t *testing.T, data []byte, places []*scenario.Error) {
	t.Helper()
	lines := 1
	for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} { // all that YAML takes for the end of a line
		lines += bytes.Count(data, []byte(end))
	}
	for _, e := range places {
		if e.File != "F" || e.Line < 1 || e.Col < 1 || e.Flag == "" && e.Line > lines || e.Sentence == "" {
			t.Errorf("of %d lines: %#v", lines, e)
		}
	}
}
