//go:build !linux

package heartbeat

import "time"

// sleeper sleeps by a timer of Go's.
type sleeper struct{ zero time.Time }

func newSleeper(zero time.Time) *sleeper { return &sleeper{zero} }

// until sleeps until so long after zero.
func (s *sleeper) until(due time.Duration) { time.Sleep(due - time.Since(s.zero)) }
