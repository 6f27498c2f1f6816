package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// heard keeps what a schedule tells.
type heard struct {
	zero   time.Time
	events chan history.Event
}

func (h *heard) at(t time.Time) history.Instant { return history.At(t.Sub(h.zero)) }
func (h *heard) record(e history.Event)         { h.events <- e }
func (h *heard) stop(Stop)                      {}
func (h *heard) over(due time.Time) bool        { return !due.Before(h.zero.Add(time.Minute)) }

// outcomes counts what was told by outcome.
func (h *heard) outcomes() map[history.Outcome]int {
	close(h.events)
	found := map[history.Outcome]int{}
	for e := range h.events {
		found[e.Attempt.Outcome]++
	}
	return found
}

// hanging is a system that answers nobody.
type hanging struct{ harness.Probe }

func (hanging) Try(ctx context.Context, a *harness.Attempt) error {
	<-ctx.Done()
	a.Fail(history.ClassTimeout, "nobody answered")
	return nil
}

// behind is a schedule of somebody each second, who wait for eight, of a process that is so much behind.
func behind(t *testing.T, by time.Duration, sentHome time.Duration) map[history.Outcome]int {
	t.Helper()
	h := &heard{zero: time.Now(), events: make(chan history.Event, 1000)}
	s := newSchedule(history.Probe{Name: "herd", Every: history.Seconds(1), Limit: history.Seconds(8)}, 0, hanging{})
	s.room, s.people, s.from = 100, []harness.Person{{Name: "ann"}}, &harness.Place{Name: "here"}
	start, done := h.zero, make(chan struct{})
	time.AfterFunc(sentHome, func() { close(done) })
	time.Sleep(by)
	s.run(t.Context(), h, start, done)
	return h.outcomes()
}

// TestWhoIsNotBegunInTime: of people who were due while this process stood still nobody is left out, and nobody has
// failed for whom it left too little of their limit.
func TestWhoIsNotBegunInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := behind(t, 5500*time.Millisecond, 9500*time.Millisecond) // 0 to 3 s were begun more than 2 s late
		if got[history.Unknown] != 4 || got[history.Bad] != 6 || got[history.Dropped] != 0 {
			t.Errorf("begun late: %v", got)
		}
		got = behind(t, 5500*time.Millisecond, 5*time.Second)
		if got[history.Dropped] != 6 || len(got) != 1 {
			t.Errorf("sent home before they were begun: %v", got)
		}
	})
}
