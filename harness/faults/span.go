package faults

import (
	"strconv"
	"time"
)

// span writes a length of time as reports do: "40 ms", "1.5 s", "360 s".
func span(d time.Duration) string {
	if d.Abs() < time.Second {
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}
