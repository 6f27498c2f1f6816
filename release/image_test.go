package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// instructions are those of a Dockerfile, a line each.
func instructions(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			all = append(all, words)
		}
	}
	return all
}

// The image for drills without a browser can be built where no registry is, and runs as nobody in particular.
func TestStaticImageNeedsNoRegistry(t *testing.T) {
	var kinds []string
	for _, words := range instructions(t, "../Dockerfile.static") {
		kinds = append(kinds, words[0])
		switch {
		case words[0] == "FROM" && !slices.Equal(words[1:], []string{"scratch"}):
			t.Errorf("%v needs a registry", words)
		case words[0] == "RUN":
			t.Errorf("%v: there is no shell to run it", words)
		case words[0] == "USER" && words[1] != "65534:65534":
			t.Errorf("it runs as %s", words[1])
		case words[0] == "ENTRYPOINT" && words[1] != `["/usr/local/bin/regiondrill"]`:
			t.Errorf("it starts %s", words[1])
		}
	}
	for _, needed := range []string{"FROM", "USER", "ENTRYPOINT"} {
		if !slices.Contains(kinds, needed) {
			t.Errorf("it has no %s", needed)
		}
	}
}

// Both images are built as releases are: statically, without paths, and told their version.
func TestImagesKnowTheirVersion(t *testing.T) {
	for _, path := range []string{"../Dockerfile", "../Makefile"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"CGO_ENABLED=0", "-trimpath", "-s -w -X main.version="} {
			if !strings.Contains(string(text), word) {
				t.Errorf("%s lacks %s", path, word)
			}
		}
	}
	if all := instructions(t, "../Dockerfile"); !slices.ContainsFunc(all, func(words []string) bool { return slices.Equal(words, []string{"ARG", "VERSION="}) }) {
		t.Error("the image with the browser can't be told its version")
	}
}
