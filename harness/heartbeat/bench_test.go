//go:build unix

package heartbeat

import (
	"syscall"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// BenchmarkHeartbeat is what watching costs: CPU time in each second, as a share of one core, and allocations.
func BenchmarkHeartbeat(b *testing.B) {
	b.ReportAllocs()
	stop := Start(time.Now(), func(history.Stall) {})
	defer stop()
	before, began := used(b), time.Now()
	for b.Loop() {
		<-time.After(time.Second)
	}
	b.ReportMetric(100*(used(b)-before).Seconds()/time.Since(began).Seconds(), "%core")
}

func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
