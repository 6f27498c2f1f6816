package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
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
		"and never late": {true, []history.Stall{{Took: 90_000, By: history.StallPressure}}},
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

// strewnTarget has left something, or can't tell.
type strewnTarget struct {
	toyTarget
	left []string
	err  error
}

func (s strewnTarget) Residue(context.Context) ([]string, error) { return s.left, s.err }
func (s strewnTarget) Sweep(context.Context) ([]string, error)   { return s.left, s.err }

// What one target has left is told although another can't be asked.
func TestDoctorTellsOfWhatItFound(t *testing.T) {
	t.Parallel()
	target := func(name string, s strewnTarget) harness.TargetKind {
		return harness.TargetKind{Name: name, New: func() harness.Target { return s }}
	}
	p := &program{catalog: toys(), env: []string{"XDG_STATE_HOME=" + t.TempDir()}}
	p.catalog.Targets = []harness.TargetKind{target("deaf", strewnTarget{err: errors.New("nobody answers")}),
		target("messy", strewnTarget{left: []string{"network n1"}})}
	f := p.residueFinding(t.Context())
	const want = "killed runs have left network n1; undo and remove it: regiondrill recover (there may be more: nobody answers)"
	if f.OK || f.Says != want {
		t.Errorf("%+v", f)
	}
	p.catalog.Targets = p.catalog.Targets[:1]
	if f := p.residueFinding(t.Context()); f.OK || f.Says != "nobody answers" {
		t.Errorf("%+v", f)
	}
}
