package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

func calibratedOf(missed, unknown int) *calibrated {
	browsers := 2
	return &calibrated{At: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC), Cores: 2, Every: history.At(20 * time.Millisecond),
		Browsers: &browsers, Drills: 4, Noise: calibratedNoise{138, 0, history.At(1700 * time.Microsecond)},
		Modes: []calibratedMode{{Mode: "refuse", Outages: 8, Held: 8 - missed - unknown, Missed: missed, Unknown: unknown,
			Median: 1.07, Widest: 1.2}}}
}

func TestWhatACalibrationSays(t *testing.T) {
	for _, c := range []struct {
		name            string
		missed, unknown int
		code            int
		says            []string
	}{
		{"all hold", 0, 0, exitPass, []string{"PASS: every interval", "8 of 8 hold it; 1.07 periods wide (median), 1.20 at most",
			"0 of 138 people failed, attempts began 2 ms late", "Fastest every           20 ms", "Browsers at once        2",
			"Drills at once          4"}},
		{"some unknown", 0, 3, exitPass, []string{"PASS: every interval that was measured", "5 of 8 hold it, 3 unknown"}},
		{"half unknown", 0, 4, exitUnknown, []string{"UNKNOWN: this machine is too busy"}},
		{"one misses", 1, 6, exitFail, []string{"FAIL: intervals miss the truth", "1 of 8 hold it, 1 miss it, 6 unknown"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			found := calibratedOf(c.missed, c.unknown)
			(&program{stdout: &out}).tellCalibration(found)
			if found.code() != c.code {
				t.Errorf("it exits with %d", found.code())
			}
			for _, want := range c.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it doesn't say %q:\n%s", want, &out)
				}
			}
		})
	}
}

// TestDoctorTellsTheLastCalibration, of this machine alone, and reads over what it can't read.
func TestDoctorTellsTheLastCalibration(t *testing.T) {
	state := t.TempDir()
	p := &program{env: []string{"XDG_STATE_HOME=" + state}}
	if f := p.calibrationFinding(); !f.OK || !strings.Contains(f.Says, "was not calibrated") {
		t.Errorf("%+v", f)
	}
	c := calibratedOf(0, 0)
	for _, own := range []bool{true, false} {
		if c.Cores = cores(own); p.keepCalibration(c) != nil {
			t.Fatal(p.keepCalibration(c))
		}
		f := p.calibrationFinding()
		if told := strings.Contains(f.Says, "of 2026-11-27: every: 20ms or more, 4 drills at once, 2 in browsers"); told != own {
			t.Errorf("%+v", f)
		}
	}
	c.Cores, c.Every = cores(true), 0
	if err := p.keepCalibration(c); err != nil {
		t.Fatal(err)
	}
	if f := p.calibrationFinding(); f.OK || !strings.Contains(f.Says, "it keeps up with no period that was tried, 4 drills") {
		t.Errorf("%+v", f)
	}
	if err := os.WriteFile(filepath.Join(state, "regiondrill", "calibration.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f := p.calibrationFinding(); !strings.Contains(f.Says, "was not calibrated") {
		t.Errorf("%+v", f)
	}
}

// cores are those of this machine, or of another.
func cores(own bool) int {
	if own {
		return runtime.NumCPU()
	}
	return runtime.NumCPU() + 1
}
