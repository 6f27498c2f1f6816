package lab_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

// TestCalibration is BenchmarkCalibration in virtual time, where a sign-in over unshaped links takes no time at all:
// the interval must hold the outage's own length, however busy the machine is, and be at most two periods wide.
// REGIONDRILL_OUTAGES says how many of each mode.
func TestCalibration(t *testing.T) {
	outages := 3
	if n, err := strconv.Atoi(os.Getenv("REGIONDRILL_OUTAGES")); err == nil {
		outages = n
	}
	for _, mode := range modes() {
		t.Run(strings.ReplaceAll(mode, ", hold: false", " lost"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				held, widest := 0, 0.0
				for range outages {
					_, periods, err := calibrate(t.Context(), mode, 300+rng.IntN(500), rng.Uint64())
					if widest = max(widest, periods); err != nil || periods > 2 {
						t.Errorf("%v, %.2f periods wide", err, periods)
						continue
					}
					held++
				}
				t.Logf("%d of %d intervals hold the truth, at most %.2f periods wide", held, outages, widest)
			})
		})
	}
}

func modes() []string {
	return []string{"blackhole", "blackhole, hold: false", "refuse", "reset", "http_503"}
}
