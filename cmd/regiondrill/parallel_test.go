package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// A drill is run again because of what its measurement says of the machine, and never because it missed an objective, or
// because somebody stopped it.
func TestTooBusy(t *testing.T) {
	late := verdict.Reason{Code: verdict.LateSchedule}
	busy := verdict.Reason{Code: verdict.BusyMachine}
	stopped := verdict.Reason{Code: verdict.Stopped, Ends: true}
	still := history.Event{Type: history.TypeStall, Stall: &history.Stall{Since: 0, Until: 60_000, Took: 60_000, By: history.StallHeartbeat}}
	short := history.Event{Type: history.TypeStall, Stall: &history.Stall{Since: 0, Until: 6_000, Took: 6_000, By: history.StallHeartbeat}}
	for name, c := range map[string]struct {
		grade   verdict.Grade
		reasons []verdict.Reason
		slow    bool
		events  []history.Event
		ended   string
		again   bool
	}{
		"a pass stands":                     {verdict.Pass, []verdict.Reason{late, busy}, true, []history.Event{still}, history.Completed, false},
		"a miss alone":                      {verdict.Fail, nil, false, nil, history.Completed, false},
		"a miss beside other remarks":       {verdict.Fail, []verdict.Reason{{Code: verdict.OutsideWindows}}, false, nil, history.Completed, false},
		"a miss, and late":                  {verdict.Fail, []verdict.Reason{late}, false, nil, history.Completed, true},
		"a miss on a busy machine":          {verdict.Fail, []verdict.Reason{busy}, false, nil, history.Completed, true},
		"a miss, and it stood still":        {verdict.Fail, nil, false, []history.Event{still}, history.Completed, false},
		"unknown alone":                     {verdict.Unknown, nil, false, []history.Event{short}, history.Completed, false},
		"unknown, and late":                 {verdict.Unknown, []verdict.Reason{late}, false, nil, history.Completed, true},
		"unknown, by a control":             {verdict.Unknown, nil, true, nil, history.Completed, true},
		"unknown, and it stood still":       {verdict.Unknown, nil, false, []history.Event{still}, history.Completed, true},
		"stopped":                           {verdict.Unknown, []verdict.Reason{stopped, late}, true, []history.Event{still}, history.Interrupted, false},
		"not steady, and late":              {verdict.Unknown, []verdict.Reason{stopped, late}, false, nil, history.NotSteady, true},
		"not steady, and nothing was wrong": {verdict.Unknown, []verdict.Reason{stopped}, false, nil, history.NotSteady, false},
		"skipped":                           {verdict.Skipped, []verdict.Reason{{Code: verdict.NotCarried}}, false, nil, history.Completed, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := &verdict.Verdict{Grade: c.grade}
			v.Recoveries = []verdict.Recovery{{MachineSlow: c.slow}}
			v.Validity.Reasons = c.reasons
			for _, r := range c.reasons {
				v.Validity.Notes = append(v.Validity.Notes, "about "+string(r.Code))
			}
			h := &history.History{Events: c.events, End: &history.End{Reason: c.ended}}
			if why := tooBusy(&report.Report{Verdict: v, History: h}); (why != "") != c.again {
				t.Errorf("it is run again because %q", why)
			}
		})
	}
}

// planned is a drill whose people arrive every so often, of whom some have browsers.
func planned(name string, lasts time.Duration, every ...time.Duration) *compiled {
	d := &compiled{scenario: &scenario.Scenario{Name: name}, plan: &engine.Plan{}}
	d.plan.Record.Settle = history.At(lasts)
	for _, e := range every {
		d.plan.Record.Probes = append(d.plan.Record.Probes, history.Probe{Every: history.At(e), Browser: e == 0})
	}
	return d
}

// A drill takes room by the people who arrive in it, and by its browsers; one that is larger than all there is takes it
// all.
func TestRoom(t *testing.T) {
	all := room{drills: 3, arrivals: 30 * thousandths, browsers: 1}
	small, large, huge := planned("a", 0, time.Second), planned("b", 0, 100*time.Millisecond, 0), planned("c", 0, 10*time.Millisecond, 0, 0)
	if n := all.needs(small); n != (room{1, leastArrivals * thousandths, 0}) {
		t.Errorf("a small one needs %+v", n)
	}
	if n := all.needs(large); n != (room{1, 10 * thousandths, 1}) {
		t.Errorf("a large one needs %+v", n)
	}
	if n := all.needs(huge); n != (room{1, 30 * thousandths, 1}) {
		t.Errorf("a huge one needs %+v", n)
	}
	left, ok := all.take(all.needs(large))
	if !ok || left != (room{2, 20 * thousandths, 0}) {
		t.Errorf("beside a large one %+v is left", left)
	}
	if _, ok = left.take(all.needs(large)); ok {
		t.Error("two browsers have room")
	}
	if back := left.give(all.needs(large)); back != all {
		t.Errorf("%+v is back", back)
	}
	if left, ok = all.take(all.needs(small)); !ok || left.drills != 2 {
		t.Errorf("%+v is left", left)
	}
}

// What drills give back is what they took, in whatever order: else a drill that takes all there is would never be begun.
func TestRoomComesBack(t *testing.T) {
	all := room{drills: 10, arrivals: 60 * thousandths}
	a, b := all.needs(planned("a", 0, 50*time.Millisecond)), all.needs(planned("b", 0, 150*time.Millisecond))
	left := all
	for _, n := range []room{a, a, b} {
		var ok bool
		if left, ok = left.take(n); !ok {
			t.Fatalf("there is no room for %+v in %+v", n, left)
		}
	}
	left = left.give(a).give(a).give(b)
	if _, ok := left.take(all.needs(planned("huge", 0, time.Millisecond))); !ok || left != all {
		t.Errorf("of %+v came back %+v", all, left)
	}
}

// How many run at once is what the flag says, or what the machine was found to bear.
func TestRoomOfAMachine(t *testing.T) {
	p := &program{stderr: io.Discard, env: []string{"XDG_STATE_HOME=" + t.TempDir()}}
	said := func(parallel string) room { return (&session{program: p, flags: runFlags{parallel: parallel}}).room() }
	if r := said("1"); r.several() {
		t.Errorf("one at a time is %+v", r)
	}
	if r := said("4"); r.drills != 4 || r.arrivals != math.MaxInt {
		t.Errorf("four are %+v", r)
	}
	for drills, several := range map[int]bool{0: false, 1: false, 2: true, 16: true} {
		browsers := 3
		if err := p.keepCalibration(&calibrated{Cores: runtime.NumCPU(), Drills: drills, Browsers: &browsers}); err != nil {
			t.Fatal(err)
		}
		if r := said(auto); r.several() != several || r.arrivals != 15*drills*thousandths || r.browsers != 3 {
			t.Errorf("calibrated for %d it is %+v", drills, r)
		}
	}
}

// Every drill is in one part, the parts don't depend on the order in which drills are named, and none takes longer than
// another by more than its longest drill.
func TestParts(t *testing.T) {
	var drills []*compiled
	for i := range 23 {
		drills = append(drills, planned(fmt.Sprint("drill-", i), time.Duration(20+i*i%37)*time.Second))
	}
	backwards := slices.Clone(drills)
	slices.Reverse(backwards)
	for _, of := range []int{1, 2, 3, 7, 23, 30} {
		var all []string
		var least, most time.Duration
		for n := 1; n <= of; n++ {
			a, b := &shard{number: n, of: of}, &shard{number: n, of: of}
			mine, again := a.part(drills), b.part(backwards)
			slices.Reverse(again)
			if !slices.Equal(mine, again) || len(a.all) != len(drills) {
				t.Fatalf("part %v depends on the order", a)
			}
			sum := time.Duration(0)
			for _, d := range mine {
				sum += takes(d)
			}
			if all = append(all, a.mine...); n == 1 || sum < least {
				least = sum
			}
			most = max(most, sum)
		}
		slices.Sort(all)
		if len(slices.Compact(all)) != len(drills) {
			t.Errorf("%d parts have %v", of, all)
		}
		if most-least > 56*time.Second {
			t.Errorf("of %d parts one takes %v and another %v", of, least, most)
		}
	}
	for _, wrong := range []string{"", "1", "0/2", "3/2", "1/0", "a/b", "-1/2", "1/2/3", "1/1001"} {
		if err := new(shard).Set(wrong); err == nil {
			t.Errorf("%q is a part", wrong)
		}
	}
}

// A second signal while several drills run tells how to take up all of them.
func TestLeavingSeveral(t *testing.T) {
	var said strings.Builder
	b := &brake{program: &program{stderr: &said, exit: func(int) {}}}
	b.guardMany(nil)
	over := b.join("some/a")
	b.join("some/b")
	b.leave(nilSignal{})
	if !strings.Contains(said.String(), "2 drills without a verdict") || !strings.HasSuffix(said.String(), "regiondrill recover\n") {
		t.Errorf("it says %s", &said)
	}
	said.Reset()
	over()
	b.leave(nilSignal{})
	if !strings.HasSuffix(said.String(), "regiondrill recover some/b\n") {
		t.Errorf("it says %s", &said)
	}
}

type nilSignal struct{}

func (nilSignal) String() string { return "interrupt" }
func (nilSignal) Signal()        {}

// One signal stops all drills that run, and each heals; those that wait are not begun.
func TestSignalStopsAll(t *testing.T) {
	t.Parallel()
	toy, err := filepath.Abs(filepath.Join("testdata", "toy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	l := start(t, func(l *living) {
		for _, name := range []string{"second", "third"} {
			file := filepath.Join(t.TempDir(), name+".yaml")
			text := "schema: regiondrill.scenario/v1\nname: " + name + "\nextends: " + toy + "\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			l.Args = append(l.Args, file)
		}
	}, "--parallel", "2")
	outer := l.dir
	l.until("dark: proven in force")
	l.until("dark: proven in force") // of the other
	if err := l.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	l.ends(exitUnknown)
	for _, name := range []string{"toy", "second"} {
		l.dir = filepath.Join(outer, name)
		l.healed("interrupt")
	}
	if holdsRun(filepath.Join(outer, "third")) {
		t.Error("the third was begun")
	}
}
