package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/report"
)

const repository = "../.."

var (
	fenced   = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	link     = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	exported = regexp.MustCompile(`\bdrill/([\w.-]+)`)
	words    = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+=(?:'[^']*'|"[^"]*")|\S+`)
	target   = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

// pages are the README, the changelog and the docs, by their paths in the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no docs: %v", err)
	}
	all := map[string]string{}
	for _, f := range append(files, filepath.Join(repository, "README.md"), filepath.Join(repository, "CHANGELOG.md")) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(filepath.ToSlash(f), repository+"/")] = string(data)
	}
	return all
}

// recipes are the YAML blocks of a page.
func recipes(text string) []string {
	var all []string
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// scalars are the words of a YAML document, line by line: commands are among them.
func scalars(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return strings.Split(n.Value, "\n")
	}
	var all []string
	for _, child := range n.Content {
		all = append(all, scalars(child)...)
	}
	return all
}

// commands are the lines of a page that somebody is told to type, of its recipes and of its indented blocks.
func commands(t *testing.T, text string) []string {
	t.Helper()
	var all []string
	for _, r := range recipes(text) {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(r), &n); err != nil {
			t.Errorf("%v in\n%s", err, r)
		}
		all = append(all, scalars(&n)...)
	}
	for line := range strings.Lines(fenced.ReplaceAllString(text, "")) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			all = append(all, strings.TrimSpace(code))
		}
	}
	return all
}

// argv is what follows the name of a program in a simple command, nil where the line runs another one.
func argv(line, program string) []string {
	all := words.FindAllString(line, -1)
	if len(all) == 0 || filepath.Base(all[0]) != program {
		return nil
	}
	args := []string{}
	for _, w := range all[1:] {
		if slices.Contains([]string{"||", "&&", "|", ";", "#"}, w) {
			break
		}
		args = append(args, strings.NewReplacer(`'`, "", `"$PUSHGATEWAY"`, "http://pushgateway:9091").Replace(w))
	}
	return args
}

// TestDocs holds every page against the program: commands, flags and scenarios that it names exist, links lead somewhere,
// YAML can be read.
func TestDocs(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for name, text := range pages(t) {
		t.Run(name, func(t *testing.T) {
			for _, line := range commands(t, text) {
				if args := argv(line, "regiondrill"); args != nil {
					checkCommand(t, args)
					checked++
				}
				if args := argv(line, "make"); len(args) > 0 && !slices.Contains(target.FindAllString(string(makefile), -1), args[0]+":") {
					t.Errorf("there is nothing to make named %s", args[0])
				}
			}
			checkLinks(t, name, text)
		})
	}
	if checked < 6 {
		t.Errorf("only %d commands were found", checked)
	}
}

// checkCommand parses a command as the program does, and compiles what it would run.
func checkCommand(t *testing.T, args []string) {
	t.Helper()
	p := &program{catalog: catalog.Default(), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
	cmd, rest, err := p.root().Find(args)
	if err != nil {
		t.Errorf("regiondrill %s: %v", strings.Join(args, " "), err)
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("regiondrill %s: %v", strings.Join(args, " "), err)
		return
	}
	if cmd.Name() != "run" {
		return
	}
	from, err := p.sources(cmd.Flags().Args())
	if err != nil {
		t.Errorf("regiondrill %s: %v", strings.Join(args, " "), err)
		return
	}
	sets, _ := cmd.Flags().GetStringArray("set")
	allow, _ := cmd.Flags().GetStringSlice("allow")
	where, _ := cmd.Flags().GetString("target")
	opts, err := p.options(where)
	if err != nil {
		t.Fatal(err)
	}
	drills, err := p.compile(from, saying{sets: sets}, opts)
	if err == nil {
		err = confirmed(drills, allow)
	}
	if err != nil {
		t.Errorf("regiondrill %s: %v", strings.Join(args, " "), err)
	}
}

// checkLinks wants every link from or to docs/ to lead to a file, and every file of a run's folder to be one that is written.
func checkLinks(t *testing.T, name, text string) {
	t.Helper()
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], "://") || name == "README.md" && !strings.HasPrefix(m[1], "docs/") {
			continue
		}
		if _, err := os.Stat(filepath.Join(repository, filepath.Dir(name), m[1])); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
	for _, r := range recipes(text) {
		for _, m := range exported.FindAllStringSubmatch(r, -1) {
			if !slices.ContainsFunc(report.Table(), func(e report.Exporter) bool { return e.File == m[1] }) {
				t.Errorf("no run writes %s", m[1])
			}
		}
	}
}

// TestComposeRunsADrill holds the command of the nightly's container against the program.
func TestComposeRunsADrill(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct{ Command []string }
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	args := file.Services["drill"].Command
	if len(args) == 0 || args[0] != "run" {
		t.Fatalf("it runs %q", args)
	}
	checkCommand(t, args)
}

// The scenario that README shows can be copied into a file.
func TestTheScenarioOfREADME(t *testing.T) {
	_, text, found := strings.Cut(pages(t)["README.md"], "## How a scenario reads\n\n")
	if !found {
		t.Fatal("README shows none")
	}
	text, _, _ = strings.Cut(text, "\n\n")
	c := catalog.Default()
	_, _, err := c.Read(strings.NewReader(strings.ReplaceAll("\n"+text, "\n    ", "\n")), "README.md", nil,
		engine.Options{Target: c.Targets[0]})
	if err != nil {
		t.Error(err)
	}
}

// What users get stands in the changelog, and what is to be released next stands first.
func TestChangelog(t *testing.T) {
	text := pages(t)["CHANGELOG.md"]
	heading := regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(text, -1)
	if len(heading) == 0 || heading[0][1] != "[Unreleased]" {
		t.Fatal("the first version is not [Unreleased]")
	}
	for _, h := range heading[1:] {
		if !regexp.MustCompile(`^\[\d+\.\d+\.\d+(-[\w.]+)?\] - \d{4}-\d\d-\d\d$`).MatchString(h[1]) {
			t.Errorf("%q is no version with a date", h[1])
		}
	}
	kinds := catalog.Default()
	var names []string
	for _, k := range kinds.Targets {
		names = append(names, k.Name)
	}
	for _, k := range kinds.Faults {
		names = append(names, k.Name)
	}
	for _, k := range kinds.Actions {
		names = append(names, k.Name)
	}
	for _, k := range kinds.Probes {
		names = append(names, k.Name)
	}
	for _, k := range kinds.Checks {
		names = append(names, k.Name)
	}
	for _, name := range names {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("it doesn't tell of %s", name)
		}
	}
}

// The code that docs/extending.md shows is compiled and tested: it stands in the file extending_test.go of some folder.
func TestTheCodeOfExtending(t *testing.T) {
	trimmed := func(text string) string { return regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(text, "") }
	var code strings.Builder
	for _, room := range []string{"harness/*", "probes"} {
		files, err := filepath.Glob(filepath.Join(repository, room, "extending_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code.WriteString(trimmed(string(source)))
		}
	}
	shown := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(pages(t)["docs/extending.md"], -1)
	if len(shown) < 15 {
		t.Errorf("it shows %d blocks", len(shown))
	}
	for _, block := range shown {
		if !strings.Contains(code.String(), trimmed(block[1])) {
			t.Errorf("nobody compiles\n%s", block[1])
		}
	}
}
