package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// Every archive that the docs name is one that a release has.
func TestDocsNameWhatIsReleased(t *testing.T) {
	var real []string
	for _, p := range platforms {
		base := "regiondrill_1.2.3_" + p.os + "_" + p.arch
		kind := ".tar.gz"
		if p.os == "windows" {
			kind = ".zip"
		}
		real = append(real, base+kind, base+".cdx.json")
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, named := range regexp.MustCompile(`regiondrill_\d[\w.]*\w`).FindAllString(string(text), -1) {
			if found++; !slices.Contains(real, named) {
				t.Errorf("%s names %s", page, named)
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d archives are named", found)
	}
}

// installing is the step of docs/ci.md's recipe for GitHub that installs an archive.
func installing(t *testing.T) (script string, env map[string]string) {
	t.Helper()
	text, err := os.ReadFile("../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(text), "```yaml\n# .github/workflows/drill.yml\n")
	recipe, _, _ = strings.Cut(recipe, "\n```")
	var workflow struct {
		Jobs struct {
			Drill struct {
				Steps []struct {
					Name, Run string
					Env       map[string]string
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(recipe), &workflow); err != nil {
		t.Fatal(err)
	}
	for _, step := range workflow.Jobs.Drill.Steps {
		if step.Name == "regiondrill" {
			return step.Run, step.Env
		}
	}
	t.Fatal("the recipe has no step regiondrill")
	return "", nil
}

// TestRecipeInstallsAnArchive runs that step against a file server: what was released is installed, and what was changed
// on its way is not.
func TestRecipeInstallsAnArchive(t *testing.T) {
	for _, program := range []string{"bash", "curl", "sha256sum", "tar"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the recipe needs %s", program)
		}
	}
	script, env := installing(t)
	lies := t.TempDir()
	program := entry{name, 0o755, []byte("#!/bin/sh\necho installed\n")}
	archive, err := os.Create(filepath.Join(lies, env["ARCHIVE"]))
	if err == nil {
		err = tarred(archive, []entry{program, {"LICENSE", 0o644, []byte("text")}}, made)
	}
	if err != nil || archive.Close() != nil || writeSums(lies) != nil {
		t.Fatal("no release could be laid out", err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(lies)))
	defer server.Close()
	install := func() (home string, said []byte, err error) {
		home = t.TempDir()
		step := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
		step.Dir = t.TempDir()
		step.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GITHUB_PATH=" + filepath.Join(home, "path"),
			"ARCHIVES=" + server.URL, "ARCHIVE=" + env["ARCHIVE"]}
		said, err = step.CombinedOutput()
		return home, said, err
	}
	home, said, err := install()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	path, err := os.ReadFile(filepath.Join(home, "path"))
	if err != nil {
		t.Fatal(err)
	}
	said, err = exec.CommandContext(t.Context(), filepath.Join(strings.TrimSpace(string(path)), name)).Output()
	if err != nil || !bytes.Equal(said, []byte("installed\n")) {
		t.Errorf("what was installed says %q, %v", said, err)
	}
	if err := os.WriteFile(filepath.Join(lies, env["ARCHIVE"]), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	home, said, err = install()
	if _, missing := os.Stat(filepath.Join(home, "bin", name)); err == nil || missing == nil {
		t.Errorf("an archive that was changed is installed: %s", said)
	}
}
