package probes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// Exec are people who run a program of yours: a script of their break-glass procedure, a plan of Terraform, a request
// for access. It runs where they are: behind the door of their place, with the CA to trust, and with nothing else of
// the environment of this process but PATH. It is good where it exits with 0. A last line of JSON says more:
//
//	{"outcome": "bad", "class": "throttled", "region": "eu-west-1", "detail": "…",
//	 "steps": [{"name": "plan", "ms": 812}]}
type Exec struct {
	Command   []string          `yaml:"command" required:"true" example:"[./break-glass.sh, --read-only]" doc:"the program and its arguments; it runs only where the command line says --allow-exec"`
	Env       map[string]string `yaml:"env" example:"{DRY_RUN: '1'}" doc:"variables that it gets beside those of the lab (HTTPS_PROXY, AWS_CA_BUNDLE, REGIONDRILL_PORTAL and so on: docs/command-line.md); they are written down with the run, so put no secret there"`
	Directory string            `yaml:"directory" example:"." doc:"where it runs, from where regiondrill does; if not said, in a new folder that is removed afterwards"`

	world *harness.World
	homes string // the folder in which each attempt has its own
}

// NewExec has no program yet.
func NewExec() harness.Probe { return &Exec{} }

// Journey of its people is whatever the program does.
func (p *Exec) Journey() history.Journey { return history.Exec }

// Needs the program.
func (p *Exec) Needs() []string {
	if len(p.Command) == 0 {
		return []string{"of yours"}
	}
	return []string{p.path()}
}

// Executes is what it would run on this machine.
func (p *Exec) Executes() []string { return slices.Clone(p.Command) }

// path of the program. One that is named by a path is found from its directory, as a shell there finds it.
func (p *Exec) path() string {
	name := p.Command[0]
	if strings.ContainsRune(filepath.ToSlash(name), '/') && !filepath.IsAbs(name) {
		if name = filepath.Join(p.Directory, name); !filepath.IsAbs(name) {
			name = "." + string(filepath.Separator) + name // or it were looked for in PATH
		}
	}
	return name
}

// Open makes room for the folders of the attempts.
func (p *Exec) Open(_ context.Context, world *harness.World) (err error) {
	p.world = world
	p.homes, err = os.MkdirTemp("", "regiondrill-exec-")
	return err
}

// Close removes all that was written.
func (p *Exec) Close() error {
	if p.homes == "" {
		return nil
	}
	return os.RemoveAll(p.homes)
}

// Try runs the program once.
func (p *Exec) Try(ctx context.Context, a *harness.Attempt) error {
	home, err := os.MkdirTemp(p.homes, "attempt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home) //nolint:errcheck // Close removes what is left
	program, err := p.program(a, home)
	if err != nil {
		return err
	}
	began := time.Now()
	told, err := program.run(ctx)
	switch {
	case err != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		a.Fail(history.ClassTimeout, "the program did not end in time")
	case err != nil && ctx.Err() != nil:
		a.GiveUp(history.ClassStopped, "the run was stopped")
	case err != nil:
		return err
	default:
		p.conclude(a, began, told)
	}
	return nil
}

// program is what is run in an attempt.
func (p *Exec) program(a *harness.Attempt, home string) (*program, error) {
	env, err := placeEnv(p.world, a, home)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		env = append(env, name+"="+p.Env[name])
	}
	path, err := filepath.Abs(p.path())
	if p.path() == p.Command[0] && !filepath.IsAbs(p.Command[0]) {
		path = p.Command[0] // found in PATH
	}
	return &program{command: append([]string{path}, p.Command[1:]...), env: env, directory: cmp.Or(p.Directory, home)}, err
}

// outcome is a program's last line, where it is one of JSON.
type outcome struct {
	Outcome history.Outcome
	Class   history.Class
	Region  string
	Detail  string
	Steps   []struct {
		Name string
		MS   float64
	}
}

// Limits of the steps that a program tells of.
const (
	maxSteps    = 50
	maxStepName = 40 // characters
	maxStep     = time.Hour
)

// conclude says what came of an attempt. The exit code goes before what the program says of itself.
func (p *Exec) conclude(a *harness.Attempt, began time.Time, told said) {
	var o outcome
	line := lastLine(told.out)
	if bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &o) != nil {
		o = outcome{Outcome: history.Bad, Class: history.ClassWrongContent,
			Detail: "its last line looks like JSON and can't be read"}
	}
	region := a.Home
	if at := p.world.Place(o.Region); at != nil && at.Region {
		region = at.Name
	}
	for _, s := range o.Steps[:min(len(o.Steps), maxSteps)] {
		name := []rune(harmless(s.Name, a.Person))
		took := time.Duration(min(max(0, s.MS)*float64(time.Millisecond), float64(maxStep)))
		a.Steps = append(a.Steps, harness.Step{Name: string(name[:min(len(name), maxStepName)]), Region: region,
			Began: began, Ended: began.Add(took)})
		began = began.Add(took)
	}
	detail := harmless(o.Detail, a.Person)
	switch {
	case told.code != 0:
		a.Fail(known(o.Class), cmp.Or(detail, harmless(fmt.Sprintf("the program exited with %d: %s", told.code,
			lastLine(told.wrong)), a.Person)))
	case o.Outcome == history.Unknown:
		a.GiveUp(history.ClassHarness, cmp.Or(detail, "the program says that it doesn't know"))
	case o.Outcome == history.Good || o.Outcome == "":
		a.Succeed(region)
	default:
		a.Fail(known(o.Class), cmp.Or(detail, "the program says that it was no good"))
	}
}

// known is a class as the program has it, if it is one that tells of the system.
func known(c history.Class) history.Class {
	ours := []history.Class{history.ClassStopped, history.ClassBrowser, history.ClassHarness}
	if slices.Contains(history.Classes(), c) && !slices.Contains(ours, c) {
		return c
	}
	return history.ClassProgram
}
