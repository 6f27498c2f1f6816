package report

import (
	"strings"
	"testing"
	"unicode/utf8"

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
			if n := utf8.RuneCountInString(line); n > width || n == 0 {
				t.Errorf("a line of %d runes where %d fit: %q", n, width, line)
			}
		}
		if n := utf8.RuneCountInString(short(c, width)); n > width {
			t.Errorf("cut to %d runes, not %d", n, width)
		}
		if strings.ContainsAny(md(s), "<>\n\r") {
			t.Errorf("%q stays markup: %q", s, md(s))
		}
	})
}
