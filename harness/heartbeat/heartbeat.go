// Package heartbeat tells how late the machine itself was: a clock that beats every five milliseconds and notices each
// beat that comes late, and the kernel's own account of how long somebody waited for a CPU. What people lost in such a
// span may be our doing rather than the system's, so that measuring must not be surer of a number than it allows.
package heartbeat

import (
	"runtime"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

const (
	// Period of the clock. A beat that comes a whole period late is a stall.
	Period = 5 * time.Millisecond
	// Every so often the pressure is read, and what has become sure is told.
	reading = 100 * time.Millisecond
	// A stall that lasts longer is told in parts of about this length, or a machine that never comes to rest would
	// have told nothing until the end.
	longest = time.Second
)

// The clocks. A thread of the process shows what the kernel did to it; a timer of an ordinary goroutine, which is what
// probes wait on, shows besides what Go's scheduler and its garbage collector did.
const (
	thread = iota
	goroutine
	clocks
)

// Start begins to watch and tells every stall in instants after zero, which may be ahead. It tells with at most 1.2 s of
// delay while this process gets a CPU at all, from one goroutine, in the order of their beginnings for each of who saw
// them; spans of one observer never overlap. A tell that blocks delays what is told later and no beat. After stop has
// returned everything was told and nothing is left; more than one stop is no error.
//
// It is made for real time: in a testing/synctest bubble its thread would wait for a clock that isn't the bubble's.
func Start(zero time.Time, tell func(history.Stall)) (stop func()) {
	w := &watch{zero: zero, quit: make(chan struct{})}
	now := time.Since(zero)
	for i := range w.pulses {
		w.pulses[i] = pulse{due: now + Period}
	}
	w.book.seen = [clocks]time.Duration{now, now}
	var running sync.WaitGroup
	running.Go(w.thread)
	running.Go(w.goroutine)
	told := make(chan struct{})
	go func() {
		defer close(told)
		w.report(tell, &running)
	}()
	return sync.OnceFunc(func() { close(w.quit); <-told })
}

// watch is a heartbeat that beats.
type watch struct {
	zero   time.Time
	quit   chan struct{}
	pulses [clocks]pulse // each with its own clock's goroutine
	book   book
}

// ended tells whether it was stopped, without waiting.
func (w *watch) ended() bool {
	select {
	case <-w.quit:
		return true
	default:
		return false
	}
}

// thread beats on a thread of its own, which sleeps in the kernel.
func (w *watch) thread() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sleep := newSleeper(w.zero)
	for !w.ended() {
		sleep.until(w.pulses[thread].due)
		w.beat(thread)
	}
}

// goroutine beats as a probe does: by a timer, and by whichever thread takes it up.
func (w *watch) goroutine() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(w.pulses[goroutine].due - time.Since(w.zero))
		select {
		case <-timer.C:
			w.beat(goroutine)
		case <-w.quit:
			return
		}
	}
}

func (w *watch) beat(clock int) {
	came := time.Since(w.zero)
	late, is := w.pulses[clock].beat(came)
	w.book.add(clock, came, late, is)
}

// report tells what has become sure, until the clocks have stopped, and then the rest.
func (w *watch) report(tell func(history.Stall), running *sync.WaitGroup) {
	heard := func(s span) { tell(s.stall(history.StallHeartbeat)) }
	pressed := func(s span) { tell(s.stall(history.StallPressure)) }
	file := openPressure()
	defer file.close()
	p := pressure{}
	look := func() {
		if total, ok := file.read(); ok {
			p.read(time.Since(w.zero), total, pressed)
		}
	}
	look()
	tick := time.NewTicker(reading)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			look()
			w.book.sure(heard)
		case <-w.quit:
			running.Wait()
			look()
			p.rest(pressed)
			w.book.rest(heard)
			return
		}
	}
}

// span is a time in which something was lost, and how much of it.
type span struct{ since, until, took time.Duration }

func (s span) length() time.Duration { return s.until - s.since }

func (s span) stall(by string) history.Stall {
	since, until := history.At(s.since), history.At(s.until)
	return history.Stall{Since: since, Until: until, Took: min(history.At(s.took), until-since), By: by}
}

// pulse is one clock's beats, which are due on a grid.
type pulse struct{ due time.Duration }

// beat notes when a beat came and fixes the next. The beat was late where a period or more lies between when it was due
// and when it came; those that fell into that time are not made up for.
func (p *pulse) beat(came time.Duration) (late span, is bool) {
	late = span{since: p.due, until: came, took: came - p.due}
	p.due += max(0, came-p.due)/Period*Period + Period
	return late, late.took >= Period
}
