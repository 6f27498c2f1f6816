package fabric

import (
	"context"
	"net"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// BenchmarkProof reports how long it takes from asking for a rule until canaries have proven it on every link, and from
// lifting it until that is proven: the time by which a fault's instants could be wrong if they were not those of the
// change itself. Links are unshaped, as a canary takes at least a round trip.
func BenchmarkProof(b *testing.B) {
	f := benchFabric(b)
	var laid, lifted []time.Duration
	for b.Loop() {
		began := time.Now()
		l, err := f.Lay(b.Context(), harness.Rule{Name: "refusal", Edges: both,
			Effect: harness.Effect{Traffic: harness.Traffic{Refuse: true}, Cut: true}})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.Prove(b.Context(), true); err != nil {
			b.Fatal(err)
		}
		laid, began = append(laid, time.Since(began)), time.Now()
		l.Lift()
		if _, err := l.Prove(b.Context(), false); err != nil {
			b.Fatal(err)
		}
		lifted = append(lifted, time.Since(began))
	}
	for name, took := range map[string][]time.Duration{"µs-laid-p99": laid, "µs-lifted-p99": lifted} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), name)
	}
}

// BenchmarkIdle reports the memory of many idle connections over shaped links: what this process has in use for both
// their ends and what lies between.
func BenchmarkIdle(b *testing.B) {
	const connections = 9000
	for b.Loop() {
		f := benchFabric(b)
		f.SetRTT(vantage, home, 76*time.Millisecond)
		if _, err := f.Lay(b.Context(), harness.Rule{Name: "slow", Edges: both,
			Effect: harness.Effect{Traffic: harness.Traffic{Latency: 10 * time.Millisecond, Bandwidth: 1 << 20}}}); err != nil {
			b.Fatal(err)
		}
		before := inUse()
		conns := dialMany(b, f, connections)
		b.ReportMetric(float64(inUse()-before)/(1<<20), "MiB")
		for _, c := range conns {
			_ = c.Close()
		}
	}
}

// dialMany connects as many times, a few hundred at once.
func dialMany(b *testing.B, f *Fabric, n int) []net.Conn {
	b.Helper()
	type dialled struct {
		net.Conn
		err error
	}
	all, room := make(chan dialled, n), make(chan struct{}, 300)
	for range n {
		go func() {
			room <- struct{}{}
			defer func() { <-room }()
			ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
			defer cancel()
			c, err := f.Dial(ctx, vantage, app+":443")
			all <- dialled{c, err}
		}()
	}
	var conns []net.Conn
	for range n {
		d := <-all
		if d.err != nil {
			b.Fatal(d.err)
		}
		conns = append(conns, d.Conn)
	}
	return conns
}

// inUse is the memory that this process has in use, on the heap and on stacks.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
