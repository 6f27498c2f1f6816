package fabric

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
)

// BenchmarkLink reports by how much round trips over shaped links miss what was asked for.
func BenchmarkLink(b *testing.B) {
	for _, rtt := range []time.Duration{8 * time.Millisecond, 76 * time.Millisecond} {
		for _, connections := range []int{1, 200} {
			b.Run(fmt.Sprintf("rtt=%s/connections=%d", rtt, connections), func(b *testing.B) {
				var misses []time.Duration
				for b.Loop() {
					misses = append(misses, miss(rtt, connections)...)
				}
				slices.Sort(misses)
				for name, at := range map[string]int{"µs-p50": 50, "µs-p90": 90, "µs-p99": 99} {
					b.ReportMetric(float64(misses[len(misses)*at/100].Microseconds()), name)
				}
			})
		}
	}
}

// miss makes ten round trips on each of some connections.
func miss(rtt time.Duration, connections int) (misses []time.Duration) {
	f := New(Options{})
	defer func() { _ = f.Close() }()
	f.SetRTT(vantage, home, rtt)
	there, back := f.lanesOf(vantage, home, app)
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range connections {
		p := newPipe(app, there, back, ephemeral)
		p.establish()
		go func() { _, _ = io.Copy(struct{ io.Writer }{&p.callee}, &p.callee) }()
		all.Go(func() {
			time.Sleep(rtt * time.Duration(i) / time.Duration(connections))
			one := make([]byte, 1)
			for range 10 {
				began := time.Now()
				_, _ = p.caller.Write(one)
				_, _ = p.caller.Read(one)
				took := time.Since(began)
				mu.Lock()
				misses = append(misses, took-rtt)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return misses
}

// BenchmarkConversation is the traffic of one sign-in: six requests over three fresh connections to two hosts.
func BenchmarkConversation(b *testing.B) {
	f := benchFabric(b)
	pool, curves := f.ca.Pool(), []tls.CurveID{tls.CurveP256}
	for b.Loop() {
		for range 3 {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, CurvePreferences: curves},
				DialContext: fromVantage(f)}
			c := &http.Client{Transport: transport}
			for range 2 {
				if status, _, err := get(c, "https://"+app+"/", time.Minute); status != http.StatusOK {
					b.Fatal(status, err)
				}
			}
			transport.CloseIdleConnections()
		}
	}
}

// BenchmarkRule lays a hole over many standing connections, proves it, lifts it and proves that, and reports by how
// much the proofs miss the fabric's own log.
func BenchmarkRule(b *testing.B) {
	f := benchFabric(b)
	there, back := f.lanesOf(vantage, home, app)
	for range 2000 {
		newPipe(app, there, back, ephemeral).establish()
	}
	var off time.Duration
	for b.Loop() {
		l, err := f.Lay(b.Context(), harness.Rule{Name: "hole", Edges: both, Effect: holds})
		if err != nil {
			b.Fatal(err)
		}
		laid, err := l.Prove(b.Context(), true)
		if err != nil {
			b.Fatal(err)
		}
		l.Lift()
		lifted, err := l.Prove(b.Context(), false)
		if err != nil {
			b.Fatal(err)
		}
		began, ended, _ := l.Truth()
		for i := range laid {
			off = max(off, laid[i].At.Sub(began), lifted[i].At.Sub(ended))
		}
	}
	b.ReportMetric(float64(off.Microseconds()), "µs-off-at-most")
}

func benchFabric(b *testing.B) *Fabric {
	b.Helper()
	ca, err := pki.NewCA("bench", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	f := New(Options{CA: ca})
	b.Cleanup(func() { _ = f.Close() })
	for _, p := range []string{vantage, home} {
		if err := f.AddPlace(p); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Handle(app, home, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})); err != nil {
		b.Fatal(err)
	}
	return f
}
