package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// span writes a length of time for people: three digits are plenty.
func span(s verdict.Seconds) string { return rounded(s, math.Round) }

// rounded is span with its last digit rounded as round does. Nobody asks for tenths of minutes.
func rounded(s verdict.Seconds, round func(float64) float64) string {
	switch v := math.Abs(float64(s)); {
	case v == 0:
		return "0 s"
	case math.Abs(round(math.Round(float64(s)*1e6)/1e5))/10 < long:
		return strings.Replace(s.Rounded(round), ".0 s", " s", 1)
	case v < 3*3600:
		return fmt.Sprintf("%.0f min %02.0f s", math.Floor(v/60), math.Floor(math.Mod(v, 60)))
	}
	return fmt.Sprintf("%.1f h", float64(s)/3600)
}

// long is from how many seconds on a length of time is told in minutes.
const long = 119.5

// floor and ceil round outwards what bounds something, so that no sentence claims more than was seen.
func floor(s verdict.Seconds) string { return rounded(s, math.Floor) }
func ceil(s verdict.Seconds) string  { return rounded(s, math.Ceil) }

// exact writes a length of time that somebody asked for, with no more digits than they gave: "10 s", "100 ms".
func exact(s verdict.Seconds) string {
	if math.Abs(float64(s)) >= long {
		return span(s)
	}
	return s.Exact()
}

func trimZero(s string) string { return strings.TrimSuffix(s, ".0") }

// bounds writes an interval, rounded outwards: "2.93 to 3.02 s".
func bounds(i *verdict.Interval) string {
	switch {
	case i == nil:
		return "not measured"
	case i.Upper == nil:
		return "more than " + floor(i.Lower)
	}
	lower, upper := floor(i.Lower), ceil(*i.Upper)
	if strings.Count(upper, " ") == 1 && lower != upper { // one unit for both
		switch {
		case i.Lower == 0:
			lower = "0"
		case strings.HasSuffix(lower, " ms") && strings.HasSuffix(upper, " s"):
			lower = fmt.Sprintf("%.2f s", math.Floor(math.Round(float64(i.Lower)*1e6)/1e4)/100)
		}
	}
	return verdict.Between(lower, upper)
}

// boundsAgainst is bounds, with all digits where fewer would say something else of the objective.
func boundsAgainst(i *verdict.Interval, objective *verdict.Seconds) string {
	if i == nil || i.Upper == nil || objective == nil || !i.Crosses(*objective) {
		return bounds(i)
	}
	return i.Lower.Exact() + " to " + i.Upper.Exact()
}

// percent writes a ratio with as many digits as it has, up to four after the point.
func percent(ratio float64) string { return verdict.Percent(ratio, math.Round) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return group(n) + " " + what + "s"
}

// group writes a count with its thousands apart: "1 000 000" with thin spaces would not survive a terminal, so commas.
func group(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// value writes an objective in the check's own unit, as it was asked.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case *verdict.Interval:
		return bounds(v)
	case verdict.Interval:
		return bounds(&v)
	case verdict.Seconds:
		return exact(v)
	case *verdict.Seconds:
		if v == nil {
			return ""
		}
		return exact(*v)
	case float64:
		return percent(v)
	case verdict.Share:
		return verdict.Percent(v.Lower, math.Floor) + " to " + verdict.Percent(v.Upper, math.Ceil)
	}
	return clean(fmt.Sprint(v))
}

// measured writes what was measured of an objective: rounded, where value is exact.
func measured(v any) string {
	switch v := v.(type) {
	case verdict.Seconds:
		return span(v)
	case *verdict.Seconds:
		if v != nil {
			return span(*v)
		}
	}
	return value(v)
}

// Clean makes words of a scenario or of the outside harmless for a terminal.
func Clean(s string) string { return clean(s) }

// Wrap makes words harmless and breaks them into lines of at most width columns.
func Wrap(s string, width int) []string { return wrap(clean(s), width) }

// clean makes words harmless wherever they are shown: no control character (a terminal would obey it, XML forbids it),
// no mark that turns the direction of writing, no byte that isn't UTF-8. What separates words becomes a space.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case hostile(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func isClean(s string) bool {
	ascii := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(s) && !strings.ContainsFunc(s, hostile)
}

func hostile(r rune) bool {
	return unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' ||
		r == '\u2029'
}

// short cuts words that take more than n columns of a terminal, and shows that it did.
func short(s string, n int) string { return displaywidth.TruncateString(s, n, "…") }

// sentence makes one of words: a capital in front is not ours to give, a full stop at the end is.
func sentence(s string) string {
	s = strings.TrimSpace(clean(s))
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") ||
		strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// wrap breaks words into lines of at most width columns; a word that is longer than a line is broken too, but never
// within what is shown as one character.
func wrap(s string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(s) {
		if line != "" && used+1+displaywidth.String(word) > width {
			lines, line, used = append(lines, line), "", 0
		}
		if line != "" {
			line, used = line+" ", used+1
		}
		from, at := 0, 0 // where in the word its part of the line begins, and where it has come to
		for c := displaywidth.StringGraphemes(word); c.Next(); at += len(c.Value()) {
			if used+c.Width() > width && at > from {
				lines, line, used, from = append(lines, line+word[from:at]), "", 0, at
			}
			used += c.Width()
		}
		line += word[from:]
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// lapse is how a drill is called in which what is measured never came, and for how long that was looked for.
type lapse struct{ Never, While string }

// lapseOf is that of a measure.
func lapseOf(measure string) lapse {
	if measure == verdict.RecoveryTime {
		return lapse{"never recovered", "while the fault lasted"}
	}
	return lapse{"never came", "while it was watched"}
}

// Length is a length of time in words, as pages have it.
func Length(d time.Duration) string { return span(verdict.Seconds(d.Seconds())) }
