package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/scenarios"
)

const extension = ".yaml"

// source is the text of a scenario and what its errors call it.
type source struct {
	name string
	path string // as it was given; empty for a scenario that comes with the program
	data []byte
}

// sources finds the scenarios that arguments name: - is standard input, a path that exists is a file or a folder of
// them, tag:NAME is every scenario that bears the tag, and any other word the name of one's own or of one that comes
// with the program.
func (p *program) sources(args []string) ([]source, error) {
	var found []source
	for i, arg := range args {
		switch {
		case arg == "":
			return nil, errors.New("an empty word names no scenario")
		case arg == "-" && slices.Contains(args[:i], arg):
			return nil, errors.New("standard input can be one scenario, and - stands twice")
		}
		some, err := p.find(arg)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func (p *program) find(arg string) ([]source, error) {
	info, err := os.Stat(arg)
	switch {
	case arg == "-":
		data, err := io.ReadAll(io.LimitReader(p.stdin, mostRead))
		if err != nil {
			return nil, fmt.Errorf("reading a scenario: %w", err)
		}
		return []source{{name: "standard input", data: data}}, nil
	case err == nil && info.IsDir():
		found, none := inFolder(arg)
		if src, err := p.named(arg); none != nil && err == nil { // a folder of the same name is in nobody's way
			return src, nil
		}
		return found, none
	case err == nil:
		src, err := fromFile(arg)
		return []source{src}, err
	case strings.HasPrefix(arg, "tag:"): // on Windows no file's name has a colon, which is another error
		return p.tagged(strings.TrimPrefix(arg, "tag:"))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading a scenario: %w", err)
	}
	return p.named(arg)
}

// mostRead bounds what is read of a file that is no scenario, in bytes: those that are too large are told so.
const mostRead = 2 << 20

// readBounded reads a file, or the beginning of one that has no end, such as a device.
func readBounded(path string) ([]byte, error) {
	f, err := openPatiently(path, pipePatience)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, mostRead))
}

// pipePatience is how long somebody may take to open the other end of a pipe that has a name.
const pipePatience = 3 * time.Second

// openPatiently opens a file. A pipe with a name is opened as soon as somebody writes to it, which may be never.
func openPatiently(path string, patience time.Duration) (*os.File, error) {
	if info, err := os.Stat(path); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return os.Open(path)
	}
	type end struct {
		*os.File
		error
	}
	came := make(chan end, 1)
	go func() { f, err := os.Open(path); came <- end{f, err} }()
	select {
	case e := <-came:
		return e.File, e.error
	case <-time.After(patience):
		return nil, fmt.Errorf("%s is a pipe to which nobody has written within %v", path, patience)
	}
}

func fromFile(path string) (source, error) {
	data, err := readBounded(path)
	if err != nil {
		return source{}, fmt.Errorf("reading a scenario: %w", err)
	}
	return source{name: path, path: path, data: data}, nil
}

// inFolder are the scenarios of a folder, in the order of their names. What begins with an underscore or a dot is none:
// it is there to be extended, or hidden.
func inFolder(dir string) ([]source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading a folder of scenarios: %w", err)
	}
	var found []source
	for _, e := range entries {
		kind := filepath.Ext(e.Name())
		if e.IsDir() || strings.ContainsAny(e.Name()[:1], "_.") || kind != extension && kind != ".yml" {
			continue
		}
		src, err := fromFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		found = append(found, src)
	}
	if found == nil {
		return nil, fmt.Errorf("%s holds no scenario: no file that ends in %s", dir, extension)
	}
	return found, nil
}

// The folder of one's own scenarios, which are found by their names and tags as those of the program are.
const (
	ownVariable = "REGIONDRILL_SCENARIOS"
	ownFolder   = "drills"
)

// own are one's own scenarios.
func (p *program) own() ([]source, error) {
	dir := p.getenv(ownVariable)
	if dir == "" {
		dir = ownFolder
		if info, _ := os.Stat(dir); info == nil || !info.IsDir() {
			return nil, nil
		}
	}
	return inFolder(dir)
}

// named finds a scenario by its file's name without what comes after the dot.
func (p *program) named(name string) ([]source, error) {
	own, err := p.own()
	if err != nil {
		return nil, err
	}
	for _, src := range own {
		if src.stem() == strings.TrimSuffix(name, extension) {
			return []source{src}, nil
		}
	}
	if data, err := scenarios.FS.ReadFile(name + extension); err == nil {
		return []source{{name: name + extension, data: data}}, nil
	}
	names, err := shippedNames()
	if err != nil {
		return nil, err
	}
	for _, src := range own {
		names = append(names, src.stem())
	}
	return nil, fmt.Errorf("there is no file %s, and no scenario of that name comes with regiondrill; %s", name,
		suggest(strings.TrimSuffix(name, extension), names, "regiondrill list scenarios shows all"))
}

// stem is the name of the file without its folder and what comes after the dot.
func (s source) stem() string {
	base := filepath.Base(s.name)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// tagged lists the scenarios that bear a tag, one's own first. One of the program's whose name is that of one's own is
// left out; two of one's own that share a name are told of when they are run.
func (p *program) tagged(tag string) ([]source, error) {
	all, err := p.own()
	if err != nil {
		return nil, err
	}
	comes, err := shipped()
	if err != nil {
		return nil, err
	}
	for _, s := range comes {
		all = append(all, source{name: s.File, data: s.Source})
	}
	var found []source
	var tags []string
	own := map[string]bool{}
	for _, src := range all {
		s, err := scenario.ReadWith(bytes.NewReader(src.data), src.name, p.with(nil, nil))
		if s == nil {
			return nil, err
		}
		hidden := src.path == "" && own[s.Name]
		if tags = append(tags, s.Tags...); slices.Contains(s.Tags, tag) && !hidden {
			found = append(found, src) // its mistakes are told when it is compiled
		}
		own[s.Name] = own[s.Name] || src.path != ""
	}
	slices.Sort(tags)
	if tags = slices.Compact(tags); found == nil {
		hint := suggest(tag, tags, "known are "+strings.Join(tags, ", "))
		return nil, fmt.Errorf("no scenario bears the tag %q; %s", tag, hint)
	}
	return found, nil
}

// with is what files are read with.
func (p *program) with(sets []scenario.Set, vars map[string]string) scenario.With {
	return scenario.With{Sets: sets, Vars: vars, Getenv: p.getenv, Open: openBase, File: openBeside}
}

// openBeside reads a file that a scenario names, from the scenario's own folder.
func openBeside(from, named string) ([]byte, error) {
	if !filepath.IsAbs(named) {
		named = filepath.Join(filepath.Dir(from), named)
	}
	return readBounded(named)
}

// openBase reads what a file extends: another file, from its own folder, or a scenario that comes with the program.
func openBase(from, named string) (data []byte, name string, err error) {
	path := named
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(from), named)
	}
	if data, err = readBounded(path); err == nil {
		return data, path, nil
	}
	if data, not := scenarios.FS.ReadFile(strings.TrimSuffix(named, extension) + extension); not == nil {
		return data, "regiondrill's " + strings.TrimSuffix(named, extension) + extension, nil // no file is called so
	}
	if errors.Is(err, fs.ErrNotExist) {
		names, _ := shippedNames() // which are there
		err = fmt.Errorf("there is neither a file %s nor a scenario of that name that comes with regiondrill%s", path,
			also(suggest(strings.TrimSuffix(named, extension), names, "")))
	}
	return nil, "", err
}

// shipped reads the scenarios that come with the program, in the order of their names. That they are sound is for a
// test to say.
func shipped() ([]*scenario.Scenario, error) {
	entries, err := scenarios.FS.ReadDir(".")
	if err != nil {
		return nil, broke(fmt.Errorf("listing the shipped scenarios: %w", err))
	}
	var all []*scenario.Scenario
	for _, e := range entries {
		data, err := scenarios.FS.ReadFile(e.Name())
		if err != nil {
			return nil, broke(err)
		}
		s, err := scenario.Read(bytes.NewReader(data), e.Name())
		if err != nil {
			return nil, broke(err)
		}
		all = append(all, s)
	}
	return all, nil
}

func shippedNames() ([]string, error) {
	all, err := shipped()
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return names, err
}

// compiled is a scenario with the plan that it compiles to.
type compiled struct {
	source
	with     scenario.With // it was read
	scenario *scenario.Scenario
	plan     *engine.Plan
	skipped  error // why the target can't carry it
	notBegun error // why it was not begun although others were
}

// saying is what flags say over scenarios.
type saying struct{ sets, vars []string }

func (s *saying) bind(set *pflag.FlagSet) {
	set.StringArrayVar(&s.sets, "set", nil, "say `PATH=VALUE` over what the file says, such as probes.0.every=1s")
	set.StringArrayVar(&s.vars, "var", nil, "give the scenario's variable ${NAME} its value, `NAME=VALUE`; "+
		"else the environment does")
}

// parse reads the flags.
func (s *saying) parse() (sets []scenario.Set, vars map[string]string, err error) {
	var errs []error
	for _, flag := range s.sets {
		set, err := scenario.ParseSet(flag)
		sets, errs = append(sets, set), append(errs, err)
	}
	vars = map[string]string{}
	for _, flag := range s.vars {
		name, value, err := scenario.ParseVar(flag)
		vars[name], errs = value, append(errs, err)
	}
	return sets, vars, errors.Join(errs...)
}

// used refuses a variable that none of the scenarios has.
func (s *saying) used(drills []*compiled) error {
	_, vars, err := s.parse()
	known := map[string]string{}
	for _, d := range drills {
		if d.scenario == nil {
			return nil // what is worse was told when it was read, a flag that can't be taken among it
		}
		maps.Copy(known, d.scenario.Vars)
	}
	for _, name := range keysOf(vars) {
		if _, has := known[name]; !has && err == nil {
			err = fmt.Errorf("--var %s: no scenario has ${%[1]s}%s", name, also(suggest(name, keysOf(known), "")))
		}
	}
	return err
}

func also(hint string) string {
	if hint == "" {
		return ""
	}
	return "; " + hint
}

// options are those of a target by its name, with a phase of their own: no two commands draw the same one, but by their
// flags.
func (p *program) options(target string) (engine.Options, error) {
	kind, ok := p.catalog.Target(target)
	if ok {
		return engine.Options{Target: kind, Version: versionText(), PhaseSeed: 1 + rand.Uint64N(math.MaxUint32)}, nil
	}
	var known []string
	for _, k := range p.catalog.Targets {
		known = append(known, k.Name)
	}
	return engine.Options{}, fmt.Errorf("there is no target %q; known are %s", target, strings.Join(known, ", "))
}
