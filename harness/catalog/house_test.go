package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

const module = "github.com/regiondrill/regiondrill/"

// mayImport says which packages of ours each package may import outside its tests. Imports run downward only: a record
// knows nothing of what makes or judges it, a fake nothing of the harness, a kind nothing of its siblings. Where a row
// is in the way, ask what the package has become; then change the row with the reason in the commit.
var mayImport = map[string]string{
	"harness/scenario": "harness/names",
	"harness/names":    "", "harness/pages": "", "harness/history": "", "harness/verdict": "",
	"harness/rollback": "", "harness/inference": "",
	"harness/repetition": "harness/inference harness/verdict",
	"harness/comparison": "harness/inference harness/repetition harness/history harness/scenario harness/verdict",
	"harness/runs":       "harness/comparison harness/inference harness/repetition harness/history harness/verdict",
	"fakes/pki":          "", "fakes/control": "", "fakes/records": "", "fakes/awsjson": "", "fakes/scim": "",
	"fakes/xmldsig": "", "scenarios": "", "dashboards": "", "dashboards/boards": "", "harness/totp": "",
	"harness/samlmetadata": "", "harness/race": "", // for tests
	"fakes/*": "harness/pages fakes/awsjson fakes/pki fakes/control fakes/records fakes/scim fakes/xmldsig " +
		"harness/names harness/totp",
	"harness":           "harness/history harness/pages harness/rollback",
	"harness/heartbeat": "harness/history",
	"harness/fabric":    "harness harness/rollback harness/names fakes/pki",
	"harness/system":    "harness/pages harness harness/history harness/rollback harness/names harness/fabric fakes/*",
	"harness/lab":       "harness harness/rollback harness/names harness/system fakes/*",
	"harness/targets":   "harness harness/rollback harness/names harness/fabric harness/system harness/lab fakes/*",
	"harness/aim":       "harness harness/names",
	"harness/faults":    "harness harness/aim harness/history harness/rollback",
	"harness/actions":   "harness harness/aim harness/history harness/rollback",
	"probes/browser":    "harness/pages harness harness/history harness/totp",
	"probes":            "harness/pages harness harness/history harness/totp probes/browser",
	"harness/engine":    "harness harness/scenario harness/history harness/rollback harness/names harness/samlmetadata",
	"harness/byhand":    "harness harness/engine harness/history harness/rollback harness/scenario harness/names",
	"harness/measure":   "harness/history harness/verdict",
	"harness/checks":    "harness/measure harness/history harness/verdict",
	"harness/report": "harness/names harness/scenario harness/history harness/verdict harness/repetition harness/inference " +
		"harness/comparison harness/runs",
	"harness/analysis": "harness harness/names harness/measure harness/checks harness/report harness/scenario " +
		"harness/history harness/verdict",
	"harness/catalog": "fakes/kms harness harness/rollback harness/targets harness/faults harness/actions probes " +
		"harness/checks harness/report harness/engine harness/analysis harness/scenario",
	"harness/drill": "harness harness/catalog harness/engine harness/heartbeat harness/history harness/rollback " +
		"harness/analysis harness/report harness/verdict",
	"harness/simulation": "harness/catalog harness/drill harness/engine harness/repetition harness/scenario " +
		"harness/verdict",
	"harness/calibration": "harness harness/catalog harness/drill harness/engine harness/history harness/rollback " +
		"harness/verdict",
	"harness/manual":      "harness harness/catalog harness/history harness/names harness/scenario",
	"harness/harnesstest": "harness harness/history harness/verdict harness/rollback",
	"cmd/regiondrill":     "*",
	"release":             "", // it builds the command, and knows nothing of it
}

// livesIn names the packages that alone may import a heavy module, so that the rest builds and starts without it.
var livesIn = map[string]string{
	"github.com/chromedp/":            "probes/browser",
	"github.com/testcontainers/":      "harness/targets",
	"gopkg.in/yaml.v3":                "harness/scenario harness/manual", // which writes pieces of scenarios
	"github.com/grafana/":             "dashboards/boards",
	"github.com/prometheus/":          "harness/report",
	"go.etcd.io/":                     "fakes/records",
	"github.com/aws/aws-sdk-go-v2":    "fakes/identitycenter probes harness/faults harness/system",
	"github.com/spf13/":               "cmd/regiondrill",
	"gonum.org/":                      "harness/inference",
	"golang.org/x/perf/":              "harness/inference",
	"github.com/go-json-experiment/":  "harness/history",
	"github.com/russellhaering/":      "",
	"github.com/Shopify/toxiproxy/v2": "",
}

func TestImportsRunDownward(t *testing.T) {
	for _, p := range packages(t) {
		row, known := mayImport[p.name()]
		if !known {
			if row, known = mayImport[filepath.Dir(p.name())+"/*"]; !known {
				t.Errorf("%s has no row in the table of imports: decide on what it may stand", p.name())
				continue
			}
		}
		for _, imported := range p.Imports {
			if ours, found := strings.CutPrefix(imported+"/", module); found {
				if ours = strings.TrimSuffix(ours, "/"); !matches(row, ours) {
					t.Errorf("%s imports %s, and may import of ours: %s", p.name(), ours, row)
				}
			}
			if imported == "testing" && !matches("harness/harnesstest harness/simulation", p.name()) { // which need it
				t.Errorf("%s imports testing; only harnesstest and simulation do", p.name())
			}
			for heavy, homes := range livesIn {
				if strings.HasPrefix(imported, heavy) && !matches(homes, p.name()) {
					t.Errorf("%s imports %s, which lives in: %s", p.name(), imported, homes)
				}
			}
		}
	}
}

// matches tells whether one of the words is the name, or all of a folder.
func matches(words, name string) bool {
	return slices.ContainsFunc(strings.Fields(words), func(w string) bool {
		folder, all := strings.CutSuffix(w, "*")
		return w == name || all && strings.HasPrefix(name, folder)
	})
}

// analyze runs where no browser, no container and no cloud is.
func TestAnalysisIsLight(t *testing.T) {
	for _, p := range packages(t) {
		if p.name() != "harness/analysis" {
			continue
		}
		for _, dep := range p.Deps {
			for _, heavy := range []string{"github.com/chromedp/", "github.com/testcontainers/", "github.com/aws/"} {
				if strings.HasPrefix(dep, heavy) {
					t.Errorf("analysis reaches %s", dep)
				}
			}
		}
	}
}

// A new kind is a file and a line in its table: who runs, judges and tells of it must not learn its name. The default
// target is the command line's own word.
func TestNobodyNamesAKind(t *testing.T) {
	var kinds []string
	c := Default()
	for _, k := range c.Faults {
		kinds = append(kinds, k.Name)
	}
	for _, k := range c.Probes {
		kinds = append(kinds, k.Name)
	}
	for _, k := range c.Checks {
		kinds = append(kinds, k.Name)
	}
	for _, k := range c.Actions {
		kinds = append(kinds, k.Name)
	}
	for _, k := range c.Targets[1:] {
		kinds = append(kinds, k.Name)
	}
	for _, dir := range []string{"../engine", "../analysis", "../measure", "../report", "../drill", "../../cmd/regiondrill"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				namesNone(t, file, kinds)
			}
		}
	}
}

// maxFunction is how many lines a function may have, signature and braces included.
const maxFunction = 50

// A function that doesn't fit on a screen is read by nobody.
func TestFunctionsFitOnAScreen(t *testing.T) {
	for _, p := range packages(t) {
		for _, file := range p.GoFiles {
			positions := token.NewFileSet()
			tree, err := parser.ParseFile(positions, filepath.Join(p.Dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range tree.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				if lines := positions.Position(f.End()).Line - positions.Position(f.Pos()).Line + 1; lines > maxFunction {
					t.Errorf("%s: %s has %d lines", positions.Position(f.Pos()), f.Name.Name, lines)
				}
			}
		}
	}
}

// maxLine is how many characters a line may have, a tab counting as one.
const maxLine = 120

// A line that has to be scrolled sideways is read by nobody. What stands in a raw string, such as a struct's tag, can't
// be broken.
func TestLinesFitOnAScreen(t *testing.T) {
	for _, p := range packages(t) {
		var long []string
		for _, file := range p.GoFiles {
			long = append(long, longLines(t, filepath.Join(p.Dir, file))...)
		}
		if len(long) > 0 {
			t.Errorf("%s has lines of more than %d characters:\n%s", p.name(), maxLine, strings.Join(long, "\n"))
		}
	}
}

// longLines are the places of the file's lines that are too long and could be broken.
func longLines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	positions := token.NewFileSet()
	tree, err := parser.ParseFile(positions, path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw := map[int]bool{} // by line
	ast.Inspect(tree, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && strings.HasPrefix(literal.Value, "`") {
			for line := positions.Position(literal.Pos()).Line; line <= positions.Position(literal.End()).Line; line++ {
				raw[line] = true
			}
		}
		return true
	})
	var long []string
	for i, line := range strings.Split(string(text), "\n") {
		if !raw[i+1] && utf8.RuneCountInString(line) > maxLine {
			long = append(long, fmt.Sprintf("%s:%d", path, i+1))
		}
	}
	return long
}

func namesNone(t *testing.T, file string, kinds []string) {
	t.Helper()
	positions := token.NewFileSet()
	tree, err := parser.ParseFile(positions, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && slices.Contains(kinds, text) {
			t.Errorf("%s names the kind %q; ask its interface instead", positions.Position(literal.Pos()), text)
		}
		return true
	})
}

type goPackage struct {
	ImportPath string
	Dir        string
	Imports    []string
	Deps       []string
	GoFiles    []string
}

// name is the package's folder within the module.
func (p goPackage) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func packages(t *testing.T) []goPackage {
	t.Helper()
	const fields = "-json=ImportPath,Dir,Imports,Deps,GoFiles"
	out, err := exec.CommandContext(t.Context(), "go", "list", fields, module+"...").Output()
	if err != nil {
		exit, _ := errors.AsType[*exec.ExitError](err)
		t.Fatalf("go list: %v, %s", err, exit.Stderr)
	}
	var all []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
}
