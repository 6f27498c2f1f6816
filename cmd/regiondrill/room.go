package main

import (
	"runtime"
	"runtime/debug"
)

// A drill allocates much (every sign-in is TLS, HTML and XML) and keeps little, so that at Go's defaults the collector
// runs three times a second on a heap of 10 MiB, and now and then stops the world for longer than the heartbeat's
// period. With these it ran a fifth as often, took a quarter of the CPU, and stopped the world for 2 ms at most instead
// of 9.
const (
	drillGC     = 400       // GOGC: percent
	drillMemory = 100 << 20 // GOMEMLIMIT: bytes, beyond which the collector runs as often as it must
)

// drillThreads is how many goroutines may run at once, for each core. With Go's default of one the kernel, on a machine
// where others are busy, takes a core from a thread and with it the turn of all whom that thread would have served, due
// timers among them: six busy loops beside a drill on two cores made one sign-in in twenty take 0.5 to 4 s instead of
// 0.2. With four threads a core it was 0.3 s each time, where a thread for the schedule alone, at one a core, was no
// better than none.
const drillThreads = 4

// roomy gives drills threads to spare and lets the collector run seldom while so many of them run, until the function
// that it gives is called. What the environment says about either goes before.
func (p *program) roomy(drills int) (restore func()) {
	var undo []func()
	if p.getenv("GOMAXPROCS") == "" {
		before := runtime.GOMAXPROCS(0) // which a container's limit counts in
		runtime.GOMAXPROCS(drillThreads * before)
		undo = append(undo, func() { runtime.GOMAXPROCS(before) })
	}
	if p.getenv("GOGC") == "" && p.getenv("GOMEMLIMIT") == "" {
		percent, limit := debug.SetGCPercent(drillGC), debug.SetMemoryLimit(int64(drills)*drillMemory)
		undo = append(undo, func() { debug.SetMemoryLimit(limit); debug.SetGCPercent(percent) })
	}
	return func() {
		for _, f := range undo {
			f()
		}
	}
}
