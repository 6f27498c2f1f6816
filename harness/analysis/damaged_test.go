package analysis_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// TestDamaged concludes every golden history with each line dropped that is no attempt, and with every probe skipped:
// whatever is missing, nothing panics, and the same bytes give the same contradictions. A run without its end, or
// without a change of its fault, never passes.
func TestDamaged(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden histories: %v", err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data := section(ar, "history.jsonl")
		skipped := bytes.ReplaceAll(data, []byte(`"every":`), []byte(`"skipped":true,"every":`))
		damaged(t, file+", with its probes skipped", skipped)
		lines := bytes.SplitAfter(data, []byte("\n"))
		for i, line := range lines[1:] {
			if bytes.Contains(line, []byte(`"type":"attempt"`)) {
				continue
			}
			rest := bytes.Join(slices.Concat(lines[:i+1], lines[i+2:]), nil)
			v := damaged(t, fmt.Sprintf("%s without line %d", file, i+2), rest)
			needed := bytes.Contains(line, []byte(`"type":"fault"`)) || bytes.Contains(line, []byte(`"type":"end"`))
			if needed && v != nil && v.Grade == verdict.Pass {
				t.Errorf("%s without line %d passes", file, i+2)
			}
		}
	}
}

// damaged concludes a history, nil where it can't be read.
func damaged(t *testing.T, what string, data []byte) *verdict.Verdict {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: %v", what, p)
		}
	}()
	h, err := history.Read(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	for range 3 {
		if again := h.Audit(); fmt.Sprint(again) != fmt.Sprint(h.Contradictions) {
			t.Errorf("%s: once %v, then %v", what, h.Contradictions, again)
		}
	}
	v, err := analysis.Conclude(h, checks.Table())
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return v
}
