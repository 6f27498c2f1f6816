package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// sources finds the scenarios that arguments name: a path that exists, else tag:NAME, else a shipped one's name.
func sources(args []string) ([]source, error) {
	var found []source
	for _, arg := range args {
		some, err := find(arg)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func find(arg string) ([]source, error) {
	info, err := os.Stat(arg)
	isFolder := err == nil && info.IsDir()
	switch {
	case err == nil && !isFolder:
		data, err := os.ReadFile(arg)
		if err != nil {
			return nil, fmt.Errorf("reading a scenario: %w", err)
		}
		return []source{{name: arg, path: arg, data: data}}, nil
	case err != nil && strings.HasPrefix(arg, "tag:"): // on Windows no file's name has a colon, which is another error
		return tagged(strings.TrimPrefix(arg, "tag:"))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading a scenario: %w", err)
	}
	data, err := scenarios.FS.ReadFile(arg + extension)
	switch {
	case err == nil:
		return []source{{name: arg + extension, data: data}}, nil
	case isFolder:
		return nil, fmt.Errorf("%s is a folder; name a scenario's file", arg)
	}
	names, err := shippedNames()
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("there is no file %s, and no scenario of that name comes with regiondrill; %s", arg,
		suggest(strings.TrimSuffix(arg, extension), names, "known are "+strings.Join(names, ", ")))
}

// tagged lists the shipped scenarios that bear a tag.
func tagged(tag string) ([]source, error) {
	all, err := shipped()
	if err != nil {
		return nil, err
	}
	var found []source
	var tags []string
	for _, s := range all {
		tags = append(tags, s.Tags...)
		if slices.Contains(s.Tags, tag) {
			found = append(found, source{name: s.File, data: s.Source})
		}
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	if found == nil {
		return nil, fmt.Errorf("no scenario that comes with regiondrill bears the tag %q; %s", tag,
			suggest(tag, tags, "known are "+strings.Join(tags, ", ")))
	}
	return found, nil
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
	scenario *scenario.Scenario
	plan     *engine.Plan
	skipped  error // why the target can't carry it
	notBegun error // why it was not begun although others were
}

// read reads and compiles one.
func (p *program) read(src source, sets []scenario.Set, opts engine.Options) (*scenario.Scenario, *engine.Plan, error) {
	opts.File = filepath.ToSlash(src.path)
	return p.catalog.Read(bytes.NewReader(src.data), src.name, sets, opts)
}

func parseSets(flags []string) ([]scenario.Set, error) {
	var sets []scenario.Set
	var errs []error
	for _, flag := range flags {
		set, err := scenario.ParseSet(flag)
		sets, errs = append(sets, set), append(errs, err)
	}
	return sets, errors.Join(errs...)
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
