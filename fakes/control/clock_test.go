package control

import (
	"testing"
	"time"
)

// Shifts add up, and each is taken back alone.
func TestClock(t *testing.T) {
	truth := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	c := NewClock(func() time.Time { return truth })
	verbs := c.Verbs()
	shift := func(verb string, argument any, want time.Duration, left int) {
		t.Helper()
		if err := verbs.Call(t.Context(), verb, argument, nil); err != nil {
			t.Fatal(err)
		}
		var said Reading
		if err := verbs.Call(t.Context(), "clock", None{}, &said); err != nil {
			t.Fatal(err)
		}
		if got := c.Now().Sub(truth); got != want || !said.Now.Equal(c.Now()) || len(said.Shifts) != left {
			t.Errorf("after %s %v it is off by %v and says %+v; want %v", verb, argument, got, said, want)
		}
	}
	shift("shift", Shift{"one", time.Hour}, time.Hour, 1)
	shift("shift", Shift{"two", -time.Minute}, 59*time.Minute, 2)
	shift("shift", Shift{"one", time.Minute}, 0, 2)
	shift("unshift", "one", -time.Minute, 1)
	shift("unshift", "one", -time.Minute, 1)
	shift("unshift", "two", 0, 0)
}
