package targets

import (
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/harnesstest"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

func TestConformance(t *testing.T) {
	needsDocker(t)
	for _, kind := range Table() {
		if kind.Name == "containers" { // the others need no program built, so that they are proven with the catalog
			harnesstest.Target(t, kind)
		}
	}
}

// BenchmarkContainersUp is the containers from nothing, but with their image made, to the first good protocol login.
func BenchmarkContainersUp(b *testing.B) {
	d := needsDocker(b)
	if err := prepare(b.Context(), d); err != nil {
		b.Fatal(err)
	}
	if _, err := d.image(b.Context()); err != nil {
		b.Fatal(err)
	}
	var slowest time.Duration
	for b.Loop() {
		began := time.Now()
		back := &rollback.Stack{}
		sys := provision(b, back)
		worksIn(b, sys, "us-east-1", 0)
		slowest = max(slowest, time.Since(began))
		b.StopTimer()
		if err := back.Unwind(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(slowest.Seconds(), "s/slowest")
}
