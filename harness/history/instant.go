package history

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Instant is a point on the one monotonic clock of a run, or a span of it, in whole microseconds. Zero is the end of
// the warm-up. Whole numbers make sums exact, so that the phases of a recovery add up to its upper bound to the digit.
// In JSON it is a number of seconds.
type Instant int64

// At rounds a span since zero to the microsecond.
func At(d time.Duration) Instant { return Instant(d.Round(time.Microsecond) / time.Microsecond) }

// Seconds rounds a number of seconds to the microsecond.
func Seconds(s float64) Instant { return Instant(math.Round(s * 1e6)) }

// Duration is the span as Go knows it.
func (i Instant) Duration() time.Duration { return time.Duration(i) * time.Microsecond }

// Seconds is the span as a number.
func (i Instant) Seconds() float64 { return float64(i) / 1e6 }

// String is the number of seconds with as many digits as it needs, at least one after the point: "10.02", "40.0".
func (i Instant) String() string { return string(i.append(nil)) }

// MarshalJSON writes the number of seconds, exactly.
func (i Instant) MarshalJSON() ([]byte, error) { return i.append(nil), nil }

func (i Instant) append(b []byte) []byte {
	u := uint64(i)
	if i < 0 {
		b, u = append(b, '-'), -u
	}
	b = strconv.AppendUint(b, u/1e6, 10)
	frac := u % 1e6
	b = append(b, '.')
	if frac == 0 {
		return append(b, '0')
	}
	digits := [6]byte{}
	for k := len(digits) - 1; k >= 0; k-- {
		digits[k], frac = byte('0'+frac%10), frac/10
	}
	end := len(digits)
	for digits[end-1] == '0' {
		end--
	}
	return append(b, digits[:end]...)
}

// UnmarshalJSON reads a JSON number of seconds and rounds it to the microsecond. It refuses what no run can last
// (over a hundred years) so that sums of instants can't overflow.
func (i *Instant) UnmarshalJSON(b []byte) error {
	if v, ok := decimal(b); ok {
		*i = v
		return nil
	}
	s, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("reading an instant: %q is no number of seconds", b)
	}
	if math.Abs(s) > 100*365*86400 {
		return fmt.Errorf("reading an instant: %q seconds is longer than a hundred years", b)
	}
	*i = Seconds(s)
	return nil
}

// decimal reads the plain form that append writes; anything else is left to the slow path.
func decimal(b []byte) (Instant, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	var v int64
	k := 0
	for ; k < len(b) && k < 9 && '0' <= b[k] && b[k] <= '9'; k++ {
		v = v*10 + int64(b[k]-'0')
	}
	if k == 0 {
		return 0, false
	}
	digits := 6
	if k < len(b) && b[k] == '.' {
		for k++; k < len(b) && digits > 0 && '0' <= b[k] && b[k] <= '9'; k++ {
			v, digits = v*10+int64(b[k]-'0'), digits-1
		}
	}
	if k != len(b) {
		return 0, false
	}
	for ; digits > 0; digits-- {
		v *= 10
	}
	if neg {
		v = -v
	}
	return Instant(v), true
}
