package targets

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/harnesstest"
)

// permitted is the lab, on a machine where somebody has to say first that it may drill: by a file.
type permitted struct {
	labTarget
	file string
}

// Ready wants the file.
func (p permitted) Ready(context.Context) error {
	if _, err := os.Stat(p.file); err != nil {
		return &harness.Lack{Sentence: "nobody has allowed drills on this machine: make the file " + p.file, Err: err}
	}
	return nil
}

// The target of docs/extending.md is one.
func TestTheTargetOfThePage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "drills-allowed")
	for _, kind := range []harness.TargetKind{
		{Name: "permitted_lab", Doc: "the lab, where a file says that this machine may drill",
			New: func() harness.Target { return permitted{file: file} }},
	} {
		if err := kind.New().(harness.TargetReadier).Ready(t.Context()); err == nil {
			t.Error("it is ready without the file")
		}
		harnesstest.Target(t, kind)
	}
}
