package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		s     verdict.Seconds
		spent string
		asked string
	}{
		{0, "0 s", "0 s"}, {0.0004, "0 ms", "0.4 ms"}, {0.856, "856 ms", "856 ms"}, {0.9996, "1.00 s", "999.6 ms"}, {1, "1.00 s", "1 s"},
		{2.936, "2.94 s", "2.936 s"}, {9.999, "10 s", "9.999 s"}, {10, "10 s", "10 s"}, {49.98, "50 s", "49.98 s"}, {61.25, "61.3 s", "61.25 s"},
		{150, "2 min 30 s", "2 min 30 s"}, {20000, "5.6 h", "5.6 h"}, {-1.5, "-1.50 s", "-1.5 s"},
	} {
		if got := span(c.s); got != c.spent {
			t.Errorf("span(%v) = %q, not %q", float64(c.s), got, c.spent)
		}
		if got := exact(c.s); got != c.asked {
			t.Errorf("exact(%v) = %q, not %q", float64(c.s), got, c.asked)
		}
	}
}

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		lower, upper float64
		want         string
	}{
		{2.936, 3.016, "2.93 to 3.02 s"}, {0.168, 0.258, "168 to 258 ms"}, {0.3, 3.78, "0.30 to 3.78 s"},
		{0, 5.8, "0 to 5.80 s"}, {0, 0.2, "0 to 200 ms"},
		{9.9, 12, "9.90 to 12 s"}, {3, 3.001, "3.00 to 3.01 s"}, {3, 3, "3.00 s"}, {100, 150, "100 s to 2 min 30 s"}, {5, -1, "more than 5.00 s"},
	} {
		i := &verdict.Interval{Lower: verdict.Seconds(c.lower)}
		if upper := verdict.Seconds(c.upper); upper >= 0 {
			i.Upper = &upper
		}
		if got := bounds(i); got != c.want {
			t.Errorf("[%v, %v] is told as %q, not %q", c.lower, c.upper, got, c.want)
		}
	}
	if got := bounds(nil); got != "not measured" {
		t.Errorf("no interval is told as %q", got)
	}
}

func TestQuote(t *testing.T) {
	for _, c := range [][2]string{
		{"faults.0.mode=refuse", "faults.0.mode=refuse"}, {"system.idp.acs=[us-east-1]", "'system.idp.acs=[us-east-1]'"},
		{"it's", `'it'\''s'`}, {"", "''"}, {"$(rm)", "'$(rm)'"},
	} {
		if got := quote(c[0]); got != c[1] {
			t.Errorf("%q is quoted as %s, not %s", c[0], got, c[1])
		}
	}
}

// A terminal shows some characters in two columns, and some at the place of the one before.
func TestColumns(t *testing.T) {
	const family, accent = "👩‍👩‍👧‍👦", "e\u0301"
	for _, c := range []struct {
		words, cut string
		lines      []string // of six columns
	}{
		{"復旧時間", "復旧…", []string{"復旧時", "間"}},
		{"a 復旧 時間", "a 復…", []string{"a 復旧", "時間"}},
		{strings.Repeat(accent, 7), strings.Repeat(accent, 5) + "…", []string{strings.Repeat(accent, 6), accent}},
		{strings.Repeat(accent, 6), strings.Repeat(accent, 6), []string{strings.Repeat(accent, 6)}},
		{"x" + family + family + family, "x" + family + family + "…", []string{"x" + family + family, family}},
		{"virginia-dark", "virgi…", []string{"virgin", "ia-dar", "k"}},
	} {
		if got := short(c.words, 6); got != c.cut {
			t.Errorf("%q is cut to %q, not %q", c.words, got, c.cut)
		}
		if got := wrap(c.words, 6); !slices.Equal(got, c.lines) {
			t.Errorf("%q is broken into %q, not %q", c.words, got, c.lines)
		}
	}
}

// A line that is wider than the terminal would be two, and the next frame be drawn in the wrong place.
func TestRowsOfWideWordsFit(t *testing.T) {
	b := boardAt(t, "flagship", history.Seconds(23))
	b.plan.Faults[0].Summary = strings.Repeat("過負荷🔥", 30)
	for _, line := range b.frame(history.Seconds(23), 60, 20, false, false) {
		if n := displaywidth.String(line); n > 60 {
			t.Errorf("%d columns where 60 fit: %q", n, line)
		}
	}
	v := &view{board: b, width: 60}
	row := v.row("復旧", "words")
	if before, _, _ := strings.Cut(row, "words"); displaywidth.String(before) != labelWidth {
		t.Errorf("words don't begin behind the label's column: %q", row)
	}
}

// What nobody chose comes out harmless and fits, whatever it is.
func FuzzWords(f *testing.F) {
	for _, evil := range hostileWords {
		f.Add(evil, 20)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = 1 + max(0, width%200)
		c := clean(s)
		if !isClean(c) || strings.ContainsAny(c, "\x1b\n\r") {
			t.Errorf("%q is not clean: %q", s, c)
		}
		for _, line := range wrap(c, width) {
			if n := displaywidth.String(line); n > max(2, width) || line == "" {
				t.Errorf("a line of %d columns where %d fit: %q", n, width, line)
			}
		}
		if n := displaywidth.String(short(c, width)); n > width {
			t.Errorf("cut to %d columns, not %d", n, width)
		}
		if strings.ContainsAny(md(s), "<>\n\r") {
			t.Errorf("%q stays markup: %q", s, md(s))
		}
	})
}

// What became of the only one is told in the singular.
func TestTheLossOfOne(t *testing.T) {
	d := open(&Report{})
	for want, loss := range map[string]verdict.Loss{
		"none of 2 sign-ins failed; nobody waited longer than usual":                    {Attempts: 2, Compared: true},
		"the only sign-in did not fail; nobody waited longer than usual":                {Attempts: 1, Compared: true},
		"the only sign-in did not fail; whoever got in waited 2.00 s longer than usual": {Attempts: 1, Compared: true, ExtraMedian: 2, ExtraMax: 2},
		"the only sign-in failed": {Attempts: 1, Failed: 1, Compared: true},
		"1 of 2 sign-ins failed; whoever got in waited 2.00 s longer than usual": {Attempts: 2, Failed: 1, Compared: true, ExtraMedian: 2, ExtraMax: 2},
		"none of 3 sign-ins failed; those who got in waited 1.00 s longer than usual (median), 2.00 s at worst": {Attempts: 3,
			Compared: true, ExtraMedian: 1, ExtraMax: 2},
	} {
		if got := d.lossWords(&verdict.Recovery{Loss: loss}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
