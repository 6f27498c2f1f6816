package scenarios

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTheTrackRecord: every scenario has its row in docs/scenarios.md, every row one that there is, and every weakness
// at least one.
func TestTheTrackRecord(t *testing.T) {
	page, err := os.ReadFile("../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| (F\d+|all) \| [^|]{10,} \| \[([a-z0-9-]+)\]\(\.\./scenarios/([a-z0-9-]+)\.yaml\) \| [^|]{10,} \|$`)
	told, weaknesses := []string{}, map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| F") && !strings.HasPrefix(line, "| all") {
			continue
		}
		cells := row.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if cells == nil || cells[2] != cells[3] {
			t.Errorf("it is no row of a weakness, a scenario and what that shows: %s", line)
			continue
		}
		if _, err := FS.ReadFile(cells[2] + ".yaml"); err != nil {
			t.Errorf("there is no scenario %s", cells[2])
		}
		if slices.Contains(told, cells[2]) {
			t.Errorf("%s has two rows", cells[2])
		}
		told, weaknesses[cells[1]] = append(told, cells[2]), true
	}
	entries, err := FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := strings.TrimSuffix(entry.Name(), ".yaml"); !slices.Contains(told, name) {
			t.Errorf("%s has no row", name)
		}
	}
	for n := 1; n <= 22; n++ {
		if weakness := "F" + strconv.Itoa(n); !weaknesses[weakness] {
			t.Errorf("%s has no scenario", weakness)
		}
	}
}
