package verdict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Rounded writes a span for people with three digits, the last of them rounded as round does: "870 ms", "2.95 s",
// "12.0 s".
func (s Seconds) Rounded(round func(float64) float64) string {
	switch v, unit := s.digits(round); unit {
	case 1e3:
		return fmt.Sprintf("%.0f ms", v*1000)
	case 1e4:
		return fmt.Sprintf("%.2f s", v)
	default:
		return fmt.Sprintf("%.1f s", v)
	}
}

// digits rounds to three digits, and says to which unit, in microseconds.
func (s Seconds) digits(round func(float64) float64) (v, unit float64) {
	in := func(unit float64) float64 { return round(math.Round(float64(s)*1e6)/unit) * unit / 1e6 }
	switch {
	case math.Abs(in(1e3)) < 1:
		return in(1e3), 1e3
	case math.Abs(in(1e4)) < 10:
		return in(1e4), 1e4
	}
	return in(1e5), 1e5
}

// Crosses tells whether Rounded puts a span on the other side of an objective.
func (s Seconds) Crosses(objective Seconds, round func(float64) float64) bool {
	v, _ := s.digits(round)
	return (s > objective) != (Seconds(v) > objective)
}

// Crosses tells whether rounding an interval outwards says something else of an objective than the interval does.
func (i *Interval) Crosses(objective Seconds) bool {
	return i.Lower.Crosses(objective, math.Floor) || i.Upper != nil && i.Upper.Crosses(objective, math.Ceil)
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

// Percent writes a ratio with as many digits as it has, up to the millionths in which ratios are compared, rounded as
// round does.
func Percent(ratio float64, round func(float64) float64) string {
	s := strconv.FormatFloat(round(math.Round(ratio*1e9)/1e3)/1e4, 'f', 4, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".") + " %"
}

// Pace writes at which rate people were to begin who come one every so often, and at which those did who found room:
// "asked 1000/s, began 640/s".
func Pace(every time.Duration, arrived, dropped int) string {
	rate := func(n int) string {
		perSecond := float64(n) / (float64(arrived) * every.Seconds())
		return strconv.FormatFloat(perSecond, 'g', 3, 64)
	}
	if every < 100*time.Millisecond {
		rate = func(n int) string { return fmt.Sprintf("%.0f", float64(n)/(float64(arrived)*every.Seconds())) }
	}
	return "asked " + rate(arrived) + "/s, began " + rate(arrived-dropped) + "/s"
}
