package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// completed asks as a shell does: the words that are offered, without what they are, and the directive.
func completed(t *testing.T, args ...string) (words []string, directive string) {
	t.Helper()
	return completedIn(t, t.TempDir(), args...)
}

// completedIn has labs in the folder runtime.
func completedIn(t *testing.T, runtime string, args ...string) (words []string, directive string) {
	t.Helper()
	var out bytes.Buffer
	p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &bytes.Buffer{},
		env: []string{"XDG_RUNTIME_DIR=" + runtime}}
	if code := p.main(context.Background(), append([]string{"__complete"}, args...)); code != exitPass {
		t.Fatalf("%v: exit code %d", args, code)
	}
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		if d, ok := strings.CutPrefix(line, ":"); ok {
			return words, d
		}
		word, _, _ := strings.Cut(line, "\t")
		words = append(words, word)
	}
	t.Fatalf("%v: no directive in %s", args, out.String())
	return nil, ""
}

const (
	noFile    = "4"
	noSpace   = "6"
	onlyDirs  = "16"
	inOrder   = "36"
	shellsOwn = "0"
)

func TestCompletion(t *testing.T) {
	t.Chdir(t.TempDir())
	for path, text := range map[string]string{
		"mine.yaml": "", "notes.txt": "", ".hidden.yaml": "", "sub/other.yml": "", "sub/deep/x.yaml": "",
		"drills/own.yaml": "name: own\ntags: [ours]\nabout: It is ours. Nobody else's.\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args      string // the last is what was begun: _ is nothing
		want      string // all that is offered, or with … some of it
		directive string
	}{
		{"run primary", "primary-key-disabled primary-region-outage primary-unavailable", noFile},
		{"run tag:", "tag:cli tag:containers tag:game-day tag:gray tag:idp tag:kms tag:nightly tag:ours tag:security",
			noFile},
		{"run own mi", "mine.yaml", noFile},
		{"validate ow", "own", noFile},
		{"plan sub/", "sub/deep/ sub/other.yml", noFile},
		{"plan sub/d", "sub/deep/", noSpace},
		{"plan own _", "", noFile},
		{"run nothing-of-that", "", noSpace},
		{"run .hid", ".hidden.yaml", noFile},
		{"lab up own", "own", noFile},
		{"run --target fee", "feeble", noFile},
		{"plan x --target bo", "bomb", noFile},
		{"run --set _", "", noFile},
		{"run --out _", "", onlyDirs},
		{"analyze --format j", "json junit", noFile},
		{"analyze --format _", "text html json junit markdown prom", noFile},
		{"list f", "faults", noFile},
		{"list faults _", "", noFile},
		{"explain region", "region_outage regions", noFile},
		{"explain system.k", "system.kms system.kms.backend system.kms.url system.kms.image system.kms.policy " +
			"system.kms.policies system.kms.creating_for", noFile},
		{"explain region_outage.", "region_outage.mode region_outage.hold", noFile},
		{"explain eu-west", "eu-west-1 eu-west-2 eu-west-3", noFile},
		{"explain idp _", "", noFile},
		{"lab break kms", "kms_key", noFile},
		{"lab break region_outage m", "mode=", noSpace},
		{"lab break region_outage mode=re", "mode=refuse mode=reset", noFile},
		{"lab break region_outage hold=", "hold=true hold=false", noFile},
		{"lab break region_outage where.r", "where.region=", noSpace},
		{"lab break region_outage where.region=", "", noFile}, // no lab stands
		{"lab heal _", "", noFile},
		{"lab status --lab _", "", noFile},
		{"lab open --region _", "", noFile},
		{"version _", "", noFile},
		{"init _", "", shellsOwn},
		{"analyze _", "", onlyDirs},
		{"recover _", "", onlyDirs},
	} {
		args := strings.Fields(c.args)
		if last := len(args) - 1; args[last] == "_" {
			args[last] = ""
		}
		if got, directive := completed(t, args...); strings.Join(got, " ") != c.want || directive != c.directive {
			t.Errorf("%s: %q :%s, want %q :%s", c.args, strings.Join(got, " "), directive, c.want, c.directive)
		}
	}
}

// The run that was written last is offered first, and none twice.
func TestRunsAreCompletedNewestFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	now := time.Now()
	for path, age := range map[string]time.Duration{"old": 3 * time.Hour, "several/a": 2 * time.Hour, "several/b": 0, "zzz": time.Hour} {
		dir := filepath.Join(runsDir, filepath.FromSlash(path))
		file := filepath.Join(dir, history.HistoryFile)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(runsDir, "no-run"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"analyze", "recover"} {
		want := []string{filepath.Join(runsDir, "several"), filepath.Join(runsDir, "zzz"), filepath.Join(runsDir, "old")}
		if got, directive := completed(t, command, ""); !slices.Equal(got, want) || directive != inOrder {
			t.Errorf("%s: %v :%s", command, got, directive)
		}
	}
	if got, _ := completed(t, "analyze", filepath.Join(runsDir, "zzz"), ""); len(got) != 2 {
		t.Errorf("behind one of them there are %v", got)
	}
	if got, directive := completed(t, "recover", filepath.Join(runsDir, "zzz"), ""); got != nil || directive != noFile {
		t.Errorf("recover takes one: %v :%s", got, directive)
	}
}

// What a lab has is completed from the lab.
func TestLabsAreCompleted(t *testing.T) {
	t.Parallel()
	runtime := t.TempDir()
	lab := labUp(t, runtime, "--people", "0", "--lab", "here")
	lab.ask(0, "break", "region_outage", "where.region=us-east-1", "--name", "dark")
	for _, c := range []struct{ args, want string }{
		{"lab status --lab _", "here"},
		{"lab status --lab th", ""},
		{"lab open --region _", "eu-west-1 us-east-1"},
		{"lab env --region eu", "eu-west-1"},
		{"lab open --from _", "office"},
		{"lab open --lab there --from _", ""},
		{"lab heal _", "dark"},
		{"lab heal --lab here d", "dark"},
		{"lab break region_outage where.region=u", "where.region=us-east-1"},
		{"lab break link where.from=", "where.from=office where.from=eu-west-1 where.from=us-east-1"},
		{"lab up x --lab _", ""},
	} {
		args := strings.Fields(c.args)
		if last := len(args) - 1; args[last] == "_" {
			args[last] = ""
		}
		if got, directive := completedIn(t, runtime, args...); strings.Join(got, " ") != c.want || directive != noFile {
			t.Errorf("%s: %q :%s, want %q", c.args, strings.Join(got, " "), directive, c.want)
		}
	}
	lab.end()
}

func TestRoot(t *testing.T) {
	said := func(args ...string) string {
		var out bytes.Buffer
		p := &program{catalog: toys(), stdin: strings.NewReader(""), stdout: &out, stderr: &bytes.Buffer{}}
		if code := p.main(context.Background(), args); code != exitPass {
			t.Fatalf("%v: exit code %d", args, code)
		}
		return out.String()
	}
	if flag, command := said("--version"), said("version"); flag != command || !strings.HasPrefix(flag, "regiondrill ") {
		t.Errorf("--version says %q, and version %q", flag, command)
	}
	help := said("--help")
	for _, heading := range []string{"\nWrite a scenario:\n  explain ", "\nRun it:\n  explore ", "\nResults:\n  analyze ",
		"\nA lab to play with:\n  lab ", "\nThis machine:\n  calibrate "} {
		if !strings.Contains(help, heading) {
			t.Errorf("help has no %q", heading)
		}
	}
	if strings.Contains(help, "Additional Commands") {
		t.Error("a command is in no group")
	}
}
