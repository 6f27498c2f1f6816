package main

import (
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/report"
)

func pageOf(width int) *page {
	return &page{Columns: report.Columns{Prose: min(max(width, 60), 120), Table: width}}
}

func TestTable(t *testing.T) {
	rows := []string{"one\tfirst of all\tlab", "a-name-of-some-length\t" + strings.Repeat("words that go on ", 5) + "\tlab, containers"}
	for _, c := range []struct {
		width int
		want  string
	}{
		{200, `things
  one                     first of all                                                                           lab
  a-name-of-some-length   words that go on words that go on words that go on words that go on words that go on   lab, containers
`},
		{90, `things
  one                     first of all                                   lab
  a-name-of-some-length   words that go on words that go on words that   lab, containers
                          go on words that go on words that go on
`},
		{60, `things
  one
    first of all; lab
  a-name-of-some-length
    words that go on words that go on words that go on words
    that go on words that go on; lab, containers
`},
	} {
		text := pageOf(c.width)
		text.table("things", rows)
		if text.String() != c.want {
			t.Errorf("%d columns:\n%s", c.width, text)
		}
	}
	text := pageOf(60)
	text.table("things", nil)
	if text.String() != "things\n  nothing\n" {
		t.Errorf("of none it says %q", text)
	}
}

// Whatever stands in a table, no line is wider than there is room, and no word is lost.
func TestTablesFit(t *testing.T) {
	rows := []string{"a\tb\tc\td\te\tf", strings.Repeat("x", 300), "\t  behind an indent " + strings.Repeat("復", 90),
		"a\x1b[31m\tb\t" + strings.Repeat("many words ", 40)}
	for _, width := range []int{60, 80, 100, 120, 200} {
		text := pageOf(width)
		text.table("", rows)
		for line := range strings.Lines(text.String()) {
			if displaywidth.String(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("%d columns: %q", width, line)
			}
		}
		if n := strings.Count(text.String(), "many"); n != 40 {
			t.Errorf("%d columns: %d of 40 words", width, n)
		}
		if n := strings.Count(text.String(), "x"); n != 300 {
			t.Errorf("%d columns: %d of 300 letters", width, n)
		}
		if strings.Contains(text.String(), "\x1b") {
			t.Errorf("%d columns: a terminal would obey it", width)
		}
	}
}
