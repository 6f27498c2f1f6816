package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// starter is what a scenario of one's own begins as; its name is put in.
//
//go:embed starter.yaml
var starter string

var starterName = regexp.MustCompile(`(?m)^name: .*$`)

func (p *program) initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init [FILE]", Short: "Write a commented scenario to start from",
		Example: `  regiondrill init mine.yaml
  regiondrill validate mine.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := "drill.yaml"
			if len(args) == 1 {
				path = args[0]
			}
			return p.init(path)
		},
	}
}

func (p *program) init(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and nothing is overwritten", path)
	}
	if err != nil {
		return fmt.Errorf("writing a scenario: %w", err)
	}
	_, err = file.WriteString(starterName.ReplaceAllLiteralString(starter, "name: "+nameOf(path)))
	if err := errors.Join(err, file.Close()); err != nil {
		return broke(fmt.Errorf("writing a scenario: %w", err))
	}
	fmt.Fprintf(p.stdout, "%s is written. Next:\n  regiondrill plan %s\n  regiondrill run %s\n", path, path, path)
	return nil
}

// nameOf makes a scenario's name of its file's.
func nameOf(path string) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(base, "-"), "-")
	if name == "" || name[0] < 'a' {
		return "drill-" + strings.TrimPrefix(name, "-")
	}
	return name
}
