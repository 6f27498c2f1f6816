package heartbeat

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleeper sleeps in the kernel until instants of the monotonic clock, past Go's scheduler.
type sleeper struct {
	zero   time.Time
	offset time.Duration // what the kernel's clock shows at zero
	at     unix.Timespec
	broken bool
}

func newSleeper(zero time.Time) *sleeper {
	s := &sleeper{zero: zero}
	s.broken = unix.ClockGettime(unix.CLOCK_MONOTONIC, &s.at) != nil
	s.offset = time.Duration(s.at.Nano()) - time.Since(zero)
	return s
}

// until sleeps until so long after zero. A signal wakes it early, and it sleeps on.
func (s *sleeper) until(due time.Duration) {
	for !s.broken {
		s.at = unix.NsecToTimespec(int64(s.offset + due))
		switch unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &s.at, nil) {
		case nil:
			return
		case unix.EINTR:
		default:
			s.broken = true // a sandbox forbids it
		}
	}
	time.Sleep(due - time.Since(s.zero))
}
