package main

import "runtime/debug"

// A drill allocates much (every sign-in is TLS, HTML and XML) and keeps little, so that at Go's defaults the collector
// runs three times a second on a heap of 10 MiB, and now and then stops the world for longer than the heartbeat's
// period. With these it ran a fifth as often, took a quarter of the CPU, and stopped the world for 2 ms at most instead
// of 9.
const (
	drillGC     = 400       // GOGC: percent
	drillMemory = 100 << 20 // GOMEMLIMIT: bytes, beyond which the collector runs as often as it must
)

// roomy lets the collector run seldom while so many drills run, until the function that it gives is called. What the
// environment says about the collector goes before.
func (p *program) roomy(drills int) (restore func()) {
	if p.getenv("GOGC") != "" || p.getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	percent, limit := debug.SetGCPercent(drillGC), debug.SetMemoryLimit(int64(drills)*drillMemory)
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}
}
