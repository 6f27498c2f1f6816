package scenario

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBadFiles holds each file of testdata/bad against the errors in its own first lines: "# want LINE:COL: sentence",
// or "# want --set …: sentence"; "# set PATH=VALUE" gives a flag.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, sets := header(t, string(data))
			if got := mistakes(data, sets); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func header(t *testing.T, text string) (want []string, sets []Set) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if s, ok := strings.CutPrefix(line, "# want "); ok {
			want = append(want, s)
		}
		if s, ok := strings.CutPrefix(line, "# set "); ok {
			set, err := ParseSet(s)
			if err != nil {
				t.Fatal(err)
			}
			sets = append(sets, set)
		}
	}
	return want, sets
}

// mistakes are the lines that a user would see, less the file's name.
func mistakes(data []byte, sets []Set) []string {
	s, err := ReadWith(bytes.NewReader(data), "F", With{Sets: sets})
	if s != nil {
		err = Join(err, toys().Check(s))
	}
	if err == nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "F:"))
	}
	return lines
}
