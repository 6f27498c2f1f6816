package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/measure"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

var update = flag.Bool("update", false, "write the golden files as they are now")

const samples = "../analysis/testdata"

// sample is one of the histories worked by hand, with its verdict.
func sample(t testing.TB, name string) *Report {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.Join(samples, name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	r := &Report{Verdict: &verdict.Verdict{}, Dir: "runs/20261123T155611Z-" + name}
	for _, f := range ar.Files {
		switch f.Name {
		case "history.jsonl":
			r.History, err = history.Read(bytes.NewReader(f.Data))
		case "verdict.json":
			err = json.Unmarshal(f.Data, r.Verdict)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r.Verdict.Measures = *measure.Measure(r.History)
	for i := range r.Verdict.Findings {
		typed(&r.Verdict.Findings[i])
	}
	return r
}

// typed gives the numbers of a finding the types that its check gave them, which JSON can't keep.
func typed(f *verdict.Finding) {
	inSeconds := f.Check != "availability"
	if v, ok := f.Objective.(float64); ok && inSeconds {
		f.Objective = verdict.Seconds(v)
	}
	switch v := f.Actual.(type) {
	case float64:
		if inSeconds {
			f.Actual = verdict.Seconds(v)
		}
	case map[string]any:
		i := &verdict.Interval{Lower: verdict.Seconds(v["lower"].(float64))}
		if up, ok := v["upper"].(float64); ok {
			u := verdict.Seconds(up)
			i.Upper = &u
		}
		f.Actual = i
	}
}

// sampleNames lists all of them.
func sampleNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(samples + "/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no histories: %v", err)
	}
	for i := range files {
		files[i] = strings.TrimSuffix(filepath.Base(files[i]), ".txtar")
	}
	return files
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has changed; got\n%s\nwant\n%s", file, got, want)
	}
}

// export writes one file of a report.
func export(t testing.TB, file string, drills ...*Report) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, e := range Table() {
		if e.File == file {
			if err := e.Write(&b, drills); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			return b.Bytes()
		}
	}
	t.Fatalf("no exporter writes %s", file)
	return nil
}

func text(t testing.TB, r *Report, color bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, TextOptions{Color: color}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// withPictures gives a report the artifacts that its history names.
func withPictures(t testing.TB, r *Report) *Report {
	t.Helper()
	folder := fstest.MapFS{}
	for _, a := range r.History.Attempts {
		for _, path := range a.Artifacts {
			folder[path] = &fstest.MapFile{Data: picture(t, path)}
		}
	}
	r.Folder = folder
	return r
}
