package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/report"
)

// A run that goes on is left alone, and so is one that was killed and may have left something.
func TestOpenRunsAreNotRemoved(t *testing.T) {
	t.Parallel()
	for name, lives := range map[string]bool{"lives": true, "killed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, dir, _ := calm(t, nil)
			tmp := filepath.Dir(dir)
			list := filepath.Join(tmp, "regiondrill", "runs")
			if err := os.MkdirAll(list, 0o700); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(drill.OpenRun{Folder: dir, PID: 4711})
			if err == nil {
				err = os.WriteFile(filepath.Join(list, "run-1.json"), text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			lock := flock.New(filepath.Join(list, "run-1.lock"))
			defer lock.Close()
			if lives {
				if _, err := lock.TryLock(); err != nil {
					t.Fatal(err)
				}
			}
			ask := func(args ...string) string {
				var out bytes.Buffer
				p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out, env: []string{"XDG_STATE_HOME=" + tmp}}
				p.main(t.Context(), append([]string{"runs"}, args...))
				return out.String()
			}
			want := map[bool]string{true: "left run: it goes on (process 4711)\n", false: "left run: it was killed"}[lives]
			for _, args := range [][]string{{"rm", "run", "--yes"}, {"prune", "--keep", "0", "--yes"}} {
				if said := ask(append(args, "--dir", tmp)...); !strings.Contains(said, want) || !strings.Contains(said, "nothing is removed") {
					t.Errorf("%v: it says %s", args, said)
				}
			}
			if !holdsRun(dir) {
				t.Error("it is gone")
			}
		})
	}
}

// What lies around a run, or in it, may keep it: drills that go on, and a run that is none of its own.
func TestWhatLiesAroundIsNotRemoved(t *testing.T) {
	t.Parallel()
	_, dir, _ := calm(t, nil, "--repeat", "2")
	tmp := filepath.Dir(dir)
	ask := func(args ...string) string {
		var out bytes.Buffer
		p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out,
			env: []string{"XDG_STATE_HOME=" + filepath.Join(tmp, "state")}}
		p.main(t.Context(), append([]string{"runs"}, append(args, "--dir", tmp)...))
		return out.String()
	}
	end, err := drill.GoOn(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "repetition.json"), filepath.Join(dir, "kept.json")); err != nil {
		t.Fatal(err) // as when the first of them is not done yet
	}
	for _, args := range [][]string{{"rm", "run/1", "--yes"}, {"prune", "--keep", "0", "--yes"}} {
		if said := ask(args...); !strings.Contains(said, "left run/1: drills of it go on\n") {
			t.Errorf("%v: it says %s", args, said)
		}
	}
	end()
	if err := os.Rename(filepath.Join(dir, "kept.json"), filepath.Join(dir, "repetition.json")); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(dir, "1", "mine", "begun")
	if err := os.MkdirAll(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(inner, "history.jsonl"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := ask("rm", "run", "--yes"); !strings.Contains(said, "left run: in it lies "+inner) {
		t.Errorf("it says %s", said)
	}
	if err := os.RemoveAll(filepath.Join(dir, "1", "mine")); err != nil {
		t.Fatal(err)
	}
	if said := ask("rm", "/", "--yes"); !strings.Contains(said, `there is no run "/"`) {
		t.Errorf("it says %s", said)
	}
	if said := ask("rm", "run", "run", "--yes"); said != "removed run (2 runs)\n" {
		t.Errorf("it says %s", said)
	}
}

// What drills of one that is repeated conclude is kept while they go on, so that nothing is lost where they are killed;
// and where none of the first tells anything, no more are run.
func TestASetIsKeptMeanwhile(t *testing.T) {
	t.Parallel()
	var meanwhile []string
	var goesOn bool
	look := report.Exporter{File: "look.txt", Write: func(_ io.Writer, of []*report.Report) error {
		dir := filepath.Dir(of[0].Dir)
		text, _ := os.ReadFile(filepath.Join(dir, "repetition.json"))
		meanwhile, goesOn = append(meanwhile, string(text)), drill.GoesOn(dir)
		return nil
	}}
	_, dir, said := calm(t, func(p *program) { p.catalog.Exporters = append(p.catalog.Exporters, look) }, "--repeat", "3")
	if len(meanwhile) != 3 || meanwhile[0] != "" || !goesOn || !strings.Contains(meanwhile[2], `"stopped": "they go on, or were killed"`) ||
		strings.Count(meanwhile[2], `"folder": `) != 2 {
		t.Fatalf("going on: %v, it keeps %q and says %s", goesOn, meanwhile, said)
	}
	if drill.GoesOn(dir) {
		t.Error("it goes on for ever")
	}
	if err := os.WriteFile(filepath.Join(dir, "repetition.json"), []byte(meanwhile[2]), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &out}
	if code := p.main(t.Context(), []string{"analyze", dir}); code != exitUnknown ||
		!strings.Contains(strings.Join(strings.Fields(out.String()), " "), "Of 3 drills 1 was not run: they go on, or were killed") {
		t.Errorf("it ends with %d and says %s", code, &out)
	}
}
