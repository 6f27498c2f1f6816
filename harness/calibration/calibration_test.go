package calibration_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/calibration"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// TestOutagesAreMeasured: one of each mode, in real time. On a busy machine the interval is wider, or nothing is known;
// it never misses the truth.
func TestOutagesAreMeasured(t *testing.T) {
	bench := &calibration.Bench{Catalog: catalog.Default(), Dir: t.TempDir()}
	told := 0
	for n, mode := range calibration.Modes() {
		o, err := bench.Outage(t.Context(), mode, n)
		if err != nil {
			t.Fatal(err)
		}
		if o.Told != nil {
			told++
		}
		switch {
		case o.Told == nil && o.Unknown == "":
			t.Errorf("%s: nothing is known, and nobody says why", mode)
		case o.Told != nil && !o.Holds():
			t.Errorf("%s of %v: measured %+v, the truth is %+v", mode, o.Lasts, *o.Told, o.Truth)
		}
		if o.Truth.Lower < o.Lasts.Seconds() || o.Truth.Upper < o.Truth.Lower {
			t.Errorf("%s was to last %v, and lasted %+v by the network's log", mode, o.Lasts, o.Truth)
		}
	}
	if told == 0 {
		t.Error("nothing is known of any of them")
	}
}

// unreachable is a target of which nobody reaches anything.
type unreachable struct{ harness.Target }

func (u unreachable) Provision(
	ctx context.Context, t harness.Topology, back *rollback.Stack,
) (*harness.System, error) {
	sys, err := u.Target.Provision(ctx, t, back)
	if err == nil {
		sys.Dial = func(context.Context, *harness.Place, string) (net.Conn, error) { return nil, errors.New("too busy") }
	}
	return sys, err
}

// TestAnOutageThatDoesNotCome is unknown: on a machine that is too busy for the warm-up no fault is laid.
func TestAnOutageThatDoesNotCome(t *testing.T) {
	bench := &calibration.Bench{Catalog: catalog.Default(), Dir: t.TempDir()}
	lab := bench.Catalog.Targets[0].New
	bench.Catalog.Targets[0].New = func() harness.Target { return unreachable{lab()} }
	o, err := bench.Outage(t.Context(), calibration.Modes()[0], 0)
	if err != nil || o.Told != nil || o.Unknown == "" || o.Width() != 0 {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestAnIntervalThatMisses is found out.
func TestAnIntervalThatMisses(t *testing.T) {
	o := calibration.Outage{Truth: calibration.Interval{Lower: 1, Upper: 1.1}, Told: &calibration.Interval{Lower: 1.05, Upper: 1.13}}
	if !o.Holds() || o.Width() < 0.99 || o.Width() > 1.01 {
		t.Errorf("%v, %g periods", o.Holds(), o.Width())
	}
	for _, told := range []*calibration.Interval{{Lower: 0.8, Upper: 0.99}, {Lower: 1.2, Upper: 1.3}, nil} {
		if o.Told = told; o.Holds() {
			t.Errorf("%+v holds %+v", told, o.Truth)
		}
	}
}

// TestWithoutFaultsNobodyFails counts people of a drill in which nothing is wrong.
func TestWithoutFaultsNobodyFails(t *testing.T) {
	bench := &calibration.Bench{Catalog: catalog.Default(), Dir: t.TempDir()}
	q, err := bench.Protocol(t.Context(), 100*time.Millisecond, time.Second)
	if err != nil || q.Attempts < 19 || q.Median <= 0 || q.False() > 0.5 {
		t.Errorf("%+v, %v", q, err)
	}
}
