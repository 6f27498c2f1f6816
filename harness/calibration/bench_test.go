package calibration_test

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/calibration"
	"github.com/regiondrill/regiondrill/harness/catalog"
)

// BenchmarkOutages holds what is measured against what the fabric itself logged: of a hundred outages (or
// REGIONDRILL_OUTAGES), how many intervals hold the truth, how many miss it, of how many nothing is said; and how wide
// they are, in periods. With REGIONDRILL_BUSY so many loops keep this machine busy meanwhile.
func BenchmarkOutages(b *testing.B) {
	each, loops := 100, 0
	if n, err := strconv.Atoi(os.Getenv("REGIONDRILL_OUTAGES")); err == nil {
		each = n
	}
	if n, err := strconv.Atoi(os.Getenv("REGIONDRILL_BUSY")); err == nil {
		loops = n
	}
	defer busy(b, loops)()
	for _, mode := range calibration.Modes() {
		b.Run(strings.ReplaceAll(mode, ", hold: false", "_lost"), func(b *testing.B) {
			bench := &calibration.Bench{Catalog: catalog.Default(), Dir: b.TempDir()}
			for b.Loop() {
				measure(b, bench, mode, each)
			}
		})
	}
}

// measure reports what became of so many outages of a mode.
func measure(b *testing.B, bench *calibration.Bench, mode string, each int) {
	held, missed, widths := 0, 0, []float64{}
	for n := range each {
		o, err := bench.Outage(b.Context(), mode, n)
		switch {
		case err != nil:
			b.Fatal(err)
		case o.Told == nil:
			b.Logf("%s of %v: %s", mode, o.Lasts, o.Unknown)
			continue
		case o.Holds():
			held++
		default:
			b.Logf("%s of %v: measured %+v, the truth is %+v", mode, o.Lasts, *o.Told, o.Truth)
			missed++
		}
		widths = append(widths, o.Width())
	}
	slices.Sort(widths)
	b.ReportMetric(float64(held), "held")
	b.ReportMetric(float64(missed), "missed")
	b.ReportMetric(float64(each-held-missed), "unknown")
	if n := len(widths); n > 0 {
		b.ReportMetric(widths[n/2], "median_periods")
		b.ReportMetric(widths[n-1], "widest_periods")
	}
}

// busy keeps so many cores of this machine busy, in processes of their own, until it is told to stop.
func busy(tb testing.TB, loops int) (stop func()) {
	var all []*exec.Cmd
	for range loops {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			tb.Fatal(err)
		}
		all = append(all, cmd)
	}
	return func() {
		for _, cmd := range all {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
}
