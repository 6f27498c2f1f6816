package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// The exit codes of the contract.
const (
	exitPass      = 0
	exitFail      = 1
	exitUnknown   = 2
	exitNotUndone = 3  // something could not be undone
	exitUsage     = 64 // can't start; nothing was started
	exitBroken    = 70 // the harness broke
	exitAtOnce    = 130
)

// program is what every command stands on.
type program struct {
	catalog        catalog.Catalog
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string
	exit           func(code int) // leaves at once
}

// exit is an error with a code of its own. An error without one is 64: commands find out what they can't do before
// they start anything. A nil err says that all there is to say was said.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func broke(err error) error { return &exit{exitBroken, err} }

// leave ends a command that has said everything.
func leave(code int) error {
	if code == exitPass {
		return nil
	}
	return &exit{code, nil}
}

// first is the exit code of several drills: the first of these that occurred.
func first(codes []int) int {
	for _, c := range []int{exitNotUndone, exitBroken, exitFail, exitUnknown, exitPass} {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return exitUsage // none ran
}

// codeOf is the exit code of a grade.
func codeOf(g verdict.Grade) int {
	switch g {
	case verdict.Pass:
		return exitPass
	case verdict.Fail:
		return exitFail
	}
	return exitUnknown
}

func (p *program) main(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	err := p.execute(ctx, root)
	var e *exit
	switch {
	case err == nil:
		return exitPass
	case !errors.As(err, &e):
		e = &exit{exitUsage, err}
	}
	if e.err != nil {
		p.complain(e.err)
	}
	return e.code
}

// execute runs the command. A bug in it ends as one, and not with the exit code of an unknown drill, which Go would
// give; what a drill had done is undone by then.
func (p *program) execute(ctx context.Context, root *cobra.Command) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = broke(fmt.Errorf("this is a bug, please report it: %v\n%s", bug, debug.Stack()))
		}
	}()
	return root.ExecuteContext(ctx)
}

// complain prints an error: a scenario's mistakes as they are, one a line, anything else behind the program's name.
func (p *program) complain(err error) {
	var mistakes scenario.Errors
	if errors.As(err, &mistakes) {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintln(p.stderr, p.located(strings.TrimSuffix(line, "\n")))
		}
		return
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = fmt.Errorf("the disk is full: %w", err)
	}
	fmt.Fprintf(p.stderr, "regiondrill: %v\n", err)
}

// warn tells of what failed and changes no outcome, if anything did.
func (p *program) warn(err error) {
	if err != nil {
		fmt.Fprintf(p.stderr, "warning: %v; the result stands\n", err)
	}
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "regiondrill",
		Short: "Failover drills of multi-Region workforce sign-in",
		Long: `regiondrill takes a Region away while people sign in through SAML, and tells between which
bounds of time they could not work, through which Region they were back, and what was broken all along.`,
		Example: `  regiondrill run primary-region-outage      the main drill, in a lab in this process
  regiondrill init mine.yaml                 a scenario of one's own to start from
  regiondrill plan mine.yaml                 what it would do, without doing it`,
		SilenceErrors: true, SilenceUsage: true, Version: versionText(),
		Args: p.noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate(versionLine())
	root.Flags().Bool("version", false, "tell the program's version")
	group := func(id, title string, commands ...*cobra.Command) {
		root.AddGroup(&cobra.Group{ID: id, Title: title})
		for _, c := range commands {
			c.GroupID = id
			root.AddCommand(c)
		}
	}
	group("authoring", "Write a scenario:", p.initCommand(), p.listCommand(), p.explainCommand(), p.validateCommand(),
		p.planCommand(), p.schemaCommand())
	group("running", "Run it:", p.runCommand(), p.simulateCommand(), p.exploreCommand())
	group("results", "Results:", p.analyzeCommand(), p.compareCommand(), p.mergeCommand(), p.runsCommand(),
		p.trendCommand(), p.metricsCommand())
	group("lab", "A lab to play with:", p.labCommand())
	group("machine", "This machine:", p.doctorCommand(), p.calibrateCommand(), p.recoverCommand(), p.versionCommand())
	root.AddCommand(p.serveCommand(), p.keeperCommand())
	root.SetHelpCommandGroupID("machine")
	root.SetCompletionCommandGroupID("machine")
	p.complete(root)
	return root
}

func (p *program) noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	return fmt.Errorf("there is no command %q; %s", args[0], suggest(args[0], known, cmd.CommandPath()+" -h lists them"))
}

func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalidFlag(invalid)
	}
	if !errors.As(err, &missing) {
		return err
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	name := "--" + missing.GetSpecifiedName()
	hint := suggest(name, known, cmd.CommandPath()+" -h lists them")
	return fmt.Errorf("%s has no flag %s; %s", cmd.CommandPath(), name, hint)
}

// invalidFlag says what a flag wants, in words that are no programming language's.
func invalidFlag(err *pflag.InvalidValueError) error {
	flag := err.GetFlag()
	wants := map[string]string{
		"duration": "a duration with its unit, such as 90s or 20m", "uint64": "a whole number", "int": "a whole number",
		"bool": "true or false", shardType: "I/N, a part and how many there are, such as 1/3",
	}[flag.Value.Type()]
	if wants == "" {
		return err
	}
	return fmt.Errorf("--%s must be %s, not %q", flag.Name, wants, err.GetValue())
}

// suggest is what was probably meant, or else what to do.
func suggest(word string, known []string, otherwise string) string {
	if s := scenario.Suggest(word, known); s != "" {
		return s
	}
	return otherwise
}

// getenv is the value of a variable, "" for none.
func (p *program) getenv(key string) string { return lookUp(p.env, key, runtime.GOOS) }

// lookUp finds a variable among KEY=VALUE pairs, of which the last counts. Windows writes PATH as Path, and minds not.
func lookUp(env []string, key, goos string) string {
	for _, pair := range slices.Backward(env) {
		name, value, _ := strings.Cut(pair, "=")
		if name == key || goos == "windows" && strings.EqualFold(name, key) {
			return value
		}
	}
	return ""
}

// json prints a result for scripts.
func (p *program) json(v any) error {
	encoder := json.NewEncoder(p.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return broke(fmt.Errorf("writing the result: %w", err))
	}
	return nil
}
