package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"regiondrill": func() {
			p := &program{catalog: toys(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.Environ(), exit: os.Exit}
			os.Exit(p.main(context.Background(), os.Args[1:]))
		},
	})
}

// Each script is a piece of the contract as somebody at a prompt meets it.
func TestScripts(t *testing.T) {
	analysis, err := filepath.Abs(filepath.Join("..", "..", "harness", "analysis", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
			e.Setenv("REGIONDRILL_BROWSER", filepath.Join(e.WorkDir, "no-browser"))
			e.Setenv("GITHUB_STEP_SUMMARY", "")
			e.Setenv("HISTORIES", analysis)
			return errors.Join(lay(e, "toy.yaml"), lay(e, "calm.yaml"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "unpack": unpack},
	})
}

// lay puts a scenario of testdata into a script's folder.
func lay(e *testscript.Env, name string) error {
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.WorkDir, name), data, 0o600)
}

// exits CODE PROGRAM ARG… runs a program that must exit with the code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	wanted, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("running %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != wanted {
		ts.Fatalf("it exits with %d, not %d", got, wanted)
	}
}

// unpack ARCHIVE DIR makes a folder of the files of an archive.
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack ARCHIVE DIR")
	}
	archive, err := txtar.ParseFile(args[0])
	ts.Check(err)
	dir := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(dir, 0o700))
	for _, f := range archive.Files {
		ts.Check(os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600))
	}
}
