// Package heartbeat tells how late the machine itself was: a clock that beats every five milliseconds and notices each
// beat that comes late, the Go runtime's own account of how long it stopped everything to collect garbage, and the
// kernel's of how long somebody waited for a CPU. What people lost in such a span may be our doing rather than the
// system's, so that measuring must not be surer of a number than it allows.
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

// Start begins to watch and tells every stall in instants after zero, which may be ahead. It tells with at most 1.2 s
// of delay while this process gets a CPU at all, from one goroutine, in the order of their beginnings for each of who
// saw them; spans of one observer never overlap. A tell that blocks delays what is told later and no beat. After stop
// has returned everything was told and nothing is left; more than one stop is no error.
//
// The clock is a timer of Go's, which is what probes wait on, of a goroutine that has an OS thread for itself: it is
// late when the garbage collector stops the world, when more goroutines want to run than can, and when the kernel gives
// this very thread no CPU. A thread that sleeps in the kernel instead was tried: held in a system call two hundred
// times a second it keeps a processor of Go's scheduler from the others, which cost a drill 5.8 % of a core where this
// costs a few tenths, and saw little more.
func Start(zero time.Time, tell func(history.Stall)) (stop func()) {
	w := &watch{zero: zero, quit: make(chan struct{})}
	w.pulse.due = time.Since(zero) + Period
	var beating, reporting sync.WaitGroup
	beating.Go(w.beat)
	reporting.Go(func() { w.report(tell, &beating) })
	return sync.OnceFunc(func() { close(w.quit); reporting.Wait() })
}

// watch is a heartbeat that beats.
type watch struct {
	zero  time.Time
	quit  chan struct{}
	pulse pulse
	book  book
}

func (w *watch) beat() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(w.pulse.due - time.Since(w.zero))
		select {
		case <-timer.C:
			late, is := w.pulse.beat(time.Since(w.zero))
			w.book.add(late, is)
		case <-w.quit:
			return
		}
	}
}

// report tells what has become sure, until the clock has stopped, and then the rest.
func (w *watch) report(tell func(history.Stall), beating *sync.WaitGroup) {
	heard := func(s span) { tell(s.stall(history.StallHeartbeat)) }
	pressed := func(s span) { tell(s.stall(history.StallPressure)) }
	collected := func(s span) { tell(s.stall(history.StallGC)) }
	file := openPressure()
	defer file.close()
	p, c := pressure{}, newCollections()
	look := func() {
		c.read(time.Since(w.zero), collected)
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
			w.book.give(false, heard)
		case <-w.quit:
			beating.Wait()
			look()
			p.rest(pressed)
			w.book.give(true, heard)
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

// pulse is the clock's beats, which are due on a grid.
type pulse struct{ due time.Duration }

// beat notes when a beat came and fixes the next. The beat was late where a period or more lies between when it was due
// and when it came; those that fell into that time are not made up for.
func (p *pulse) beat(came time.Duration) (late span, is bool) {
	late = span{since: p.due, until: came, took: came - p.due}
	p.due += max(0, came-p.due).Truncate(Period) + Period
	return late, late.took >= Period
}
