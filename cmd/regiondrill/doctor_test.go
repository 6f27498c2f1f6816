package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

// TestDoctorTellsWhatTheMachineBears, by what the clock and the kernel say in a second.
func TestDoctorTellsWhatTheMachineBears(t *testing.T) {
	for says, c := range map[string]struct {
		ok     bool
		stalls []history.Stall
	}{
		"never late":     {true, nil},
		"every: 50ms or": {true, []history.Stall{{Took: 12_000, By: history.StallHeartbeat}, {Took: 40_000, By: history.StallPressure}}},
		"every: 20ms or": {true, []history.Stall{{Took: 90_000, By: history.StallPressure}}},
		"late for 40 %":  {false, []history.Stall{{Took: 200_000, By: history.StallHeartbeat}, {Took: 200_000, By: history.StallPressure}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := machineFinding(func(_ time.Time, tell func(history.Stall)) (stop func()) {
				return func() {
					for _, s := range c.stalls {
						tell(s)
					}
				}
			})
			if f.OK != c.ok || !strings.Contains(f.Says, says) {
				t.Errorf("%s: %+v", says, f)
			}
		})
	}
}
