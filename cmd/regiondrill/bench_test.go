//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkWholeRun is the main drill in the lab without the browser, as a process of its own: the memory that it took
// at most.
func BenchmarkWholeRun(b *testing.B) {
	program := filepath.Join(b.TempDir(), "regiondrill")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for b.Loop() {
		run := exec.Command(program, "run", "primary-region-outage", "--without-browser", "--out", filepath.Join(b.TempDir(), "run"))
		run.Stderr = os.Stderr
		if err := run.Run(); err != nil {
			b.Errorf("the drill: %v", err)
		}
		if usage, ok := run.ProcessState.SysUsage().(*syscall.Rusage); ok {
			b.ReportMetric(float64(usage.Maxrss)/1024, "MiB")
		}
	}
}
