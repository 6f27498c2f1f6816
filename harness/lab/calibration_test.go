package lab_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
)

// TestCalibration is BenchmarkCalibration in virtual time, where a sign-in over unshaped links takes no time at all:
// the interval must hold the outage's own length, however busy the machine is, and be at most two periods wide.
func TestCalibration(t *testing.T) {
	outages := 3
	if testing.Short() {
		outages = 1
	}
	for _, mode := range modes() {
		t.Run(strings.ReplaceAll(mode, ", hold: false", " lost"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for range outages {
					if _, periods, err := calibrate(t.Context(), mode, 300+rng.IntN(500), rng.Uint64()); err != nil || periods > 2 {
						t.Errorf("%v, %.2f periods wide", err, periods)
					}
				}
			})
		})
	}
}

func modes() []string {
	return []string{"blackhole", "blackhole, hold: false", "refuse", "reset", "http_503"}
}
