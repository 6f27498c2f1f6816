package main

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/byhand"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/manual"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// What a shell completes. Whatever can't be found out is left out: nobody wants to read an error between two keys.

// completer is what cobra asks for words behind others.
type completer = cobra.CompletionFunc

// complete tells every command what its words and its flags can be.
func (p *program) complete(root *cobra.Command) {
	arguments := map[string]completer{
		"run": p.completeScenarios, "validate": p.completeScenarios, "plan": single(p.completeScenarios),
		"lab up": single(p.completeScenarios), "analyze": completeRuns, "merge": completeRuns,
		"recover": single(completeRuns),
		"explain": single(p.completeTopics), "list": single(oneOf(func() []string { return shelves })),
		"runs show": single(completeRuns), "runs open": single(completeRuns), "runs rm": completeRuns,
		"runs list": single(completeFolders), "runs prune": single(completeFolders), "runs index": single(completeFolders),
		"trend": single(completeFolders), "metrics backfill": completeFolders,
		"compare": upTo(2, completeRuns), "lab break": p.completeBreakage, "lab heal": single(p.completeBroken),
	}
	for _, cmd := range everyCommand(root) {
		name := strings.TrimPrefix(cmd.CommandPath(), root.Name()+" ")
		switch complete, known := arguments[name]; {
		case known:
			cmd.ValidArgsFunction = complete
		case name != "init": // which takes a file
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		p.completeFlags(cmd)
	}
}

func everyCommand(root *cobra.Command) []*cobra.Command {
	all := root.Commands()
	for _, cmd := range root.Commands() {
		all = append(all, everyCommand(cmd)...)
	}
	return all
}

var completeFolders = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)

// single completes one word, and none behind it.
func single(complete completer) completer { return upTo(1, complete) }

// upTo completes so many words.
func upTo(n int, complete completer) completer {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= n {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, begun)
	}
}

// oneOf completes one of some words, each of which may have behind a tab what it is.
func oneOf(of func() []string) completer {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return beginning(of(), begun), cobra.ShellCompDirectiveNoFileComp
	}
}

// beginning are the words that go on from what was typed.
func beginning(all []string, begun string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(w string) bool { return !strings.HasPrefix(w, begun) })
}

// completeFlags completes the values of a command's flags.
func (p *program) completeFlags(cmd *cobra.Command) {
	known := map[string]completer{
		"notify": oneOf(report.Ways), "target": oneOf(p.targetWords), "format": oneOf(formatWords), "lab": oneOf(p.labWords),
		"from":   p.completeInLab(func(s *standing) []string { return s.Vantages }),
		"region": p.completeInLab(func(s *standing) []string { return keysOf(s.Portals) }),
		"out":    completeFolders, "dir": completeFolders, "verdict": oneOf(func() []string { return grades }),
		"parallel": oneOf(func() []string { return []string{auto} }),
	}
	switch cmd.Name() {
	case "up":
		delete(known, "lab") // there it names a new one
	case "compare":
		known["format"] = oneOf(func() []string { return append([]string{"text"}, keysOf(compared)...) })
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		complete := known[f.Name]
		if complete == nil {
			complete = cobra.NoFileCompletions
		}
		cobra.CheckErr(cmd.RegisterFlagCompletionFunc(f.Name, complete))
	})
}

// completeInLab completes what a lab has: the one that --lab names, or the newest.
func (p *program) completeInLab(of func(*standing) []string) completer {
	return func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		lab := p.labOf(cmd)
		if lab == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return beginning(of(lab), begun), cobra.ShellCompDirectiveNoFileComp
	}
}

func (p *program) targetWords() []string {
	var all []string
	for _, t := range p.catalog.Targets {
		all = append(all, t.Name+"\t"+t.Doc)
	}
	return all
}

func formatWords() []string { return append([]string{"text"}, keysOf(formats)...) }

// completeScenarios completes names and tags of scenarios, and files.
func (p *program) completeScenarios(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var all []string
	tags := map[string]int{}
	for _, s := range p.everyScenario() {
		all = append(all, s.Name+"\t"+firstSentence(s.About))
		for _, tag := range s.Tags {
			tags[tag]++
		}
	}
	for _, tag := range keysOf(tags) {
		all = append(all, "tag:"+tag)
	}
	all = append(beginning(all, begun), scenarioFiles(begun)...)
	if !slices.ContainsFunc(all, func(w string) bool { return !strings.HasSuffix(w, "/") }) {
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace // it goes on in the folder
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// everyScenario are one's own scenarios and those that come with the program, by the names that they are called by.
func (p *program) everyScenario() []*scenario.Scenario {
	all, _ := shipped()
	own, _ := p.own()
	for _, src := range own {
		s, _ := scenario.ReadWith(bytes.NewReader(src.data), src.name, p.with(nil, nil))
		if s == nil {
			continue
		}
		s.Name = src.stem()
		all = slices.DeleteFunc(all, func(other *scenario.Scenario) bool { return other.Name == s.Name })
		all = append(all, s)
	}
	return all
}

// scenarioFiles are the YAML files and the folders whose paths go on from what was typed.
func scenarioFiles(begun string) []string {
	dir, base := filepath.Split(begun)
	entries, _ := os.ReadDir(cmp.Or(dir, "."))
	var found []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name())) // a link to a folder is one
		hidden := strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(base, ".")
		if err != nil || hidden || !strings.HasPrefix(e.Name(), base) {
			continue
		}
		switch kind := filepath.Ext(e.Name()); {
		case info.IsDir():
			found = append(found, dir+e.Name()+"/")
		case kind == extension || kind == ".yml":
			found = append(found, dir+e.Name())
		}
	}
	return found
}

// completeTopics completes what explain can explain; keys within blocks once a dot was typed.
func (p *program) completeTopics(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	m, err := manual.New(p.catalog)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []string
	seen := map[string]bool{}
	offer := func(t *manual.Topic) {
		if !seen[t.Name] && strings.HasPrefix(t.Name, begun) {
			seen[t.Name], found = true, append(found, t.Name+"\t"+t.Doc)
		}
	}
	for _, g := range m.Groups() {
		for _, t := range g.Topics {
			offer(t)
		}
	}
	if found != nil && !strings.Contains(begun, ".") {
		return found, cobra.ShellCompDirectiveNoFileComp
	}
	for _, t := range m.Topics() {
		offer(t)
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeBreakage completes a kind of fault, and then its keys.
func (p *program) completeBreakage(
	cmd *cobra.Command, args []string, begun string,
) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		var all []string
		for _, k := range p.catalog.Faults {
			all = append(all, k.Name+"\t"+k.Doc)
		}
		return beginning(all, begun), cobra.ShellCompDirectiveNoFileComp
	}
	var fields []scenario.Field
	for _, f := range scenario.Describe(scenario.Kind{Config: scenario.Fault{}}) {
		if strings.HasPrefix(f.Key, "where.") {
			fields = append(fields, f)
		}
	}
	for _, k := range p.catalog.Kinds().Faults {
		if k.Name == args[0] {
			fields = append(fields, scenario.Describe(k)...)
		}
	}
	var all []string
	for _, f := range fields {
		all = append(all, p.settingsOf(cmd, f, begun)...)
	}
	all = beginning(all, begun)
	if strings.Contains(begun, "=") {
		return all, cobra.ShellCompDirectiveNoFileComp
	}
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace // the value comes at once
}

// settingsOf are the key with its equals sign, or once that was typed each value that it can have, as far as known.
func (p *program) settingsOf(cmd *cobra.Command, f scenario.Field, begun string) []string {
	if !strings.HasPrefix(begun, f.Key+"=") {
		return []string{f.Key + "=\t" + f.Doc}
	}
	values := f.Enum
	if f.Type == "true or false" {
		values = []string{"true", "false"}
	}
	if lab := p.labOf(cmd); lab != nil && f.Form == "region" {
		values = keysOf(lab.Portals)
	} else if lab != nil && slices.Contains([]string{"where.place", "where.from"}, f.Key) {
		values = append(slices.Clone(lab.Vantages), keysOf(lab.Portals)...)
	}
	var all []string
	for _, v := range values {
		all = append(all, f.Key+"="+v)
	}
	return all
}

// completeBroken completes the names of what is broken in the lab.
func (p *program) completeBroken(
	cmd *cobra.Command, _ []string, begun string,
) ([]string, cobra.ShellCompDirective) {
	lab := p.labOf(cmd)
	var state byhand.State
	if lab == nil || ask(cmd.Context(), lab.socket, byhand.PathState, nil, &state, askLimit) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var all []string
	for _, f := range state.Faults {
		all = append(all, f.Name+"\t"+f.Summary)
	}
	return beginning(all, begun), cobra.ShellCompDirectiveNoFileComp
}

// labWords are the labs that stand, the newest first.
func (p *program) labWords() []string {
	labs, _ := p.labs()
	var all []string
	for _, lab := range labs {
		all = append(all, lab.Name+"\t"+lab.Scenario)
	}
	return all
}

// labOf is the lab that a command means, nil where none stands.
func (p *program) labOf(cmd *cobra.Command) *standing {
	name, _ := cmd.Flags().GetString("lab")
	labs, _ := p.labs()
	for _, lab := range labs {
		if name == "" || lab.Name == name {
			return lab
		}
	}
	return nil
}

// completeRuns completes the folders of runs below ./runs, the newest first, and any other folder by its path.
func completeRuns(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	found := beginning(runFolders(), begun)
	found = slices.DeleteFunc(found, func(dir string) bool { return slices.Contains(args, dir) })
	if len(found) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// runFolders are the folders of runs and of several drills below ./runs, the one whose history was written last first.
func runFolders() []string {
	written := map[string]time.Time{}
	for _, depth := range []string{"*", filepath.Join("*", "*")} {
		histories, _ := filepath.Glob(filepath.Join(runsDir, depth, history.HistoryFile))
		for _, path := range histories {
			info, err := os.Stat(path)
			if err != nil {
				continue
			}
			below, _ := filepath.Rel(runsDir, path)
			folder := filepath.Join(runsDir, strings.Split(below, string(filepath.Separator))[0])
			if info.ModTime().After(written[folder]) {
				written[folder] = info.ModTime()
			}
		}
	}
	folders := keysOf(written)
	slices.SortStableFunc(folders, func(a, b string) int { return written[b].Compare(written[a]) })
	return folders
}

// firstSentence is what a completion and a list tell of a scenario.
func firstSentence(about string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(about), ". ")
	return strings.TrimSuffix(strings.Join(strings.Fields(first), " "), ".")
}
