package analysis_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/history"
)

var update = flag.Bool("update", false, "write the verdicts as they are now")

// TestGolden judges every history in testdata. The comment of each says what must come out and why; a bug report is
// one more file there.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden histories: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	ar, h := recorded(t, file)
	v, err := analysis.Conclude(h, checks.Table())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		ar.Files = slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return f.Name == "verdict.json" })
		ar.Files = append([]txtar.File{{Name: "verdict.json", Data: got}}, ar.Files...)
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := section(ar, "verdict.json"); !bytes.Equal(got, want) {
		t.Errorf("the verdict has changed; got\n%s\nwant\n%s", got, want)
	}
}

// recorded reads a golden history.
func recorded(t *testing.T, file string) (*txtar.Archive, *history.History) {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Read(bytes.NewReader(section(ar, "history.jsonl")))
	if err != nil {
		t.Fatal(err)
	}
	return ar, h
}

// section is a file of the archive. A history that ends in a newline of the archive's own is torn where it says so.
func section(ar *txtar.Archive, name string) []byte {
	for _, f := range ar.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}
