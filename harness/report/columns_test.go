package report

import (
	"os"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
)

func TestColumnsOfAStream(t *testing.T) {
	file, err := os.Open(os.DevNull) // no terminal
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for said, want := range map[string]Columns{
		"": {100, 100}, "20": {60, 60}, "60": {60, 60}, "80": {80, 80}, "120": {120, 120}, "200": {120, 200},
		"0": {100, 100}, "-5": {100, 100}, "wide": {100, 100},
	} {
		for _, stream := range []any{file, &strings.Builder{}, nil} {
			if got := ColumnsOf(stream, said); got != want {
				t.Errorf("COLUMNS=%s of %T: %v", said, stream, got)
			}
		}
	}
}

func TestTextIsAsWideAsItMayBe(t *testing.T) {
	for _, name := range sampleNames(t) {
		seen := map[int]string{}
		for _, width := range []int{60, 80, 120} {
			var b strings.Builder
			if err := Text(&b, sample(t, name), TextOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if displaywidth.String(strings.TrimSuffix(line, "\n")) > width && !strings.HasPrefix(line, "Report  ") {
					t.Errorf("%s: wider than %d columns: %q", name, width, line)
				}
			}
			seen[width] = strings.Join(strings.Fields(b.String()), " ")
		}
		if seen[60] != seen[120] || seen[80] != seen[120] {
			t.Errorf("%s: other words in other widths", name)
		}
	}
}
