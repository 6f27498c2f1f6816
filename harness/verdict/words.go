package verdict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Rounded writes a span for people with three digits, the last of them rounded as round does: "870 ms", "2.95 s",
// "12.0 s".
func (s Seconds) Rounded(round func(float64) float64) string {
	in := func(micros float64) float64 { return round(math.Round(float64(s)*1e6)/micros) * micros / 1e6 }
	switch {
	case math.Abs(in(1e3)) < 1:
		return fmt.Sprintf("%.0f ms", in(1e3)*1000)
	case math.Abs(in(1e4)) < 10:
		return fmt.Sprintf("%.2f s", in(1e4))
	}
	return fmt.Sprintf("%.1f s", in(1e5))
}

// Exact writes a span that somebody asked for, to the microsecond and with no more digits than they gave: "10 s",
// "1.5 s", "500 ms".
func (s Seconds) Exact() string {
	micros := math.Round(float64(s) * 1e6)
	if v := math.Abs(float64(s)); v > 0 && v < 1 {
		return strconv.FormatFloat(micros/1e3, 'f', -1, 64) + " ms"
	}
	return strconv.FormatFloat(micros/1e6, 'f', -1, 64) + " s"
}

// Between writes an interval by the words of its bounds, whose unit stands once where it is the same: "2.93 to 3.02 s".
func Between(lower, upper string) string {
	if lower == upper {
		return upper
	}
	if amount, unit, ok := strings.Cut(lower, " "); ok && strings.Count(upper, " ") == 1 &&
		strings.HasSuffix(upper, " "+unit) {
		lower = amount
	}
	return lower + " to " + upper
}

// Percent writes a ratio with as many digits as it has, up to three after the point, rounded as round does.
func Percent(ratio float64, round func(float64) float64) string {
	s := strconv.FormatFloat(round(math.Round(ratio*1e9)/1e4)/1e3, 'f', 3, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".") + " %"
}
