package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// The toy's zero is 2.3 s after it starts; its fault is in force from 5 s to 11 s.
const toyZero = 2300 * time.Millisecond

// sinceZero does something at an instant of the toy's drill.
func sinceZero(seconds float64, do func()) {
	time.AfterFunc(toyZero+time.Duration(seconds*float64(time.Second)), do)
}

// lost are the events by which a fault was lost.
func (r *recorder) lost(name string) (found []*history.Change) {
	for _, e := range r.events {
		if e.Fault != nil && e.Fault.Name == name && e.Fault.Change == history.Lost {
			found = append(found, e.Fault)
		}
	}
	return found
}

const throughout = "requested 5.0, effective 5.0, healing 11.0, healed 11.0"

// TestSomebodyElseHeals flips the switch behind the fault's back: the history says so once, with when it was last seen
// in force, whether or not it comes back; all else goes on as planned.
func TestSomebodyElseHeals(t *testing.T) {
	for _, c := range []struct {
		off, on float64 // 0: never
		story   string
		seen    history.Instant
	}{
		{0, 0, throughout, 0},
		{7.3, 0, "requested 5.0, effective 5.0, lost 8.0, healing 11.0, healed 11.0", history.Seconds(7)},
		{7.3, 8.4, "requested 5.0, effective 5.0, lost 8.0, healing 11.0, healed 11.0", history.Seconds(7)},
		{5.1, 0, "requested 5.0, effective 5.0, lost 6.0, healing 11.0, healed 11.0", history.Seconds(5)},
		{10.9, 0, "requested 5.0, effective 5.0, lost 10.97, healing 11.0, healed 11.0", history.Seconds(10)},
		{9.9, 0, "requested 5.0, effective 5.0, lost 10.0, healing 11.0, healed 11.0", history.Seconds(9)},
	} {
		t.Run(fmt.Sprintf("%g %g", c.off, c.on), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, toyScenario)
				if c.off > 0 {
					sinceZero(c.off, func() { w.sw.set(false) })
				}
				if c.on > 0 {
					sinceZero(c.on, func() { w.sw.set(true) })
				}
				if err := w.plan.Run(t.Context(), w.opts); err != nil {
					t.Fatal(err)
				}
				if got := w.sink.faults("dark"); got != c.story {
					t.Errorf("the fault: %s; want %s", got, c.story)
				}
				if e := w.sink.end(t); e.Reason != history.Completed || !e.Undone {
					t.Errorf("ended as %+v", e)
				}
				for _, l := range w.sink.lost("dark") {
					if len(l.Edges) != 1 || l.Edges[0].At != c.seen || l.Detail != "the switch is off" {
						t.Errorf("lost as %+v, last seen in force at %s", l, c.seen)
					}
				}
			})
		})
	}
}

// TestLooksThatTellNothing: three in a row are our own trouble, with a fourth nobody knows any more.
func TestLooksThatTellNothing(t *testing.T) {
	lost := "requested 5.0, effective 5.0, lost %s, healing 11.0, healed 11.0"
	for _, c := range []struct {
		name, story string
		verify      func(n int) func(context.Context) error
	}{
		{"three in a row", throughout, func(n int) func(context.Context) error {
			return failing(n%4 != 0)
		}},
		{"four in a row", fmt.Sprintf(lost, "10.0"), func(n int) func(context.Context) error { return failing(n > 1) }},
		{"slow", fmt.Sprintf(lost, "10.9"), func(n int) func(context.Context) error {
			if n == 1 {
				return failing(false)
			}
			return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, n := newWorld(t, toyScenario), 0
				w.sw.verify = func(ctx context.Context) error { n++; return c.verify(n)(ctx) }
				if err := w.plan.Run(t.Context(), w.opts); err != nil {
					t.Fatal(err)
				}
				if got := w.sink.faults("dark"); got != c.story {
					t.Errorf("the fault: %s; want %s", got, c.story)
				}
				for _, l := range w.sink.lost("dark") {
					const says = "nobody could see whether it was in force since 6.0 s: "
					if len(l.Edges) != 1 || l.Edges[0].At != history.Seconds(6) || !strings.HasPrefix(l.Detail, says) {
						t.Errorf("lost as %+v", l)
					}
				}
			})
		})
	}
}

func failing(fails bool) func(context.Context) error {
	return func(context.Context) error {
		if fails {
			return errors.New("the canary lost its voice")
		}
		return nil
	}
}

// TestALookThatHangs does not obey its context: no other is begun, nobody waits for it, and what it says when the fault
// was undone counts for nothing.
func TestALookThatHangs(t *testing.T) {
	for name, c := range map[string]struct {
		from  int // the look that hangs
		until float64
		story string
	}{
		"for good":    {1, 60, "requested 5.0, effective 5.0, lost 10.0, healing 11.0, healed 11.0"},
		"for a while": {2, 9.5, throughout},
		"too long":    {4, 11.5, throughout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, toyScenario)
				looks, hung := 0, make(chan struct{})
				sinceZero(c.until, func() { close(hung) })
				w.sw.verify = func(context.Context) error {
					if looks++; looks == c.from {
						<-hung
					}
					return nil
				}
				if err := w.plan.Run(t.Context(), w.opts); err != nil {
					t.Fatal(err)
				}
				if got := w.sink.faults("dark"); got != c.story {
					t.Errorf("the fault: %s; want %s", got, c.story)
				}
				<-hung
			})
		})
	}
}

// leased is a switch that flips itself.
type leased struct {
	harness.Injection
	s  *toySwitch
	mu sync.Mutex
	at time.Time
}

func (l *leased) Expired() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at, !l.at.IsZero()
}

func (l *leased) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = time.Now()
	l.s.set(false)
}

// TestALeaseThatRunsOut is told when it is seen, and once.
func TestALeaseThatRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, toyScenario)
		l := &leased{s: w.sw}
		w.plan.faults[0].fault = wrapping{&toyFault{w.sw}, func(i harness.Injection, _ harness.Aim) harness.Injection {
			l.Injection = i
			return l
		}}
		sinceZero(7.3, l.expire)
		if err := w.plan.Run(t.Context(), w.opts); err != nil {
			t.Fatal(err)
		}
		want := "requested 5.0, effective 5.0, expired 7.3, healing 11.0, healed 11.0"
		if got := w.sink.faults("dark"); got != want {
			t.Errorf("the fault: %s; want %s", got, want)
		}
	})
}

// edgy is a fault on two edges, of which a look sees what the test says.
type edgy struct {
	harness.Injection
	a     harness.Aim
	looks int
	see   func(look int, edge int) (gone string, left bool)
}

func (f *edgy) Prove(context.Context, bool) ([]harness.Proof, error) {
	return []harness.Proof{{Edge: f.a.Edges[0], At: time.Now()}, {Edge: f.a.Edges[1], At: time.Now()}}, nil
}

func (f *edgy) Verify(context.Context) (seen []harness.Sighting, err error) {
	f.looks++
	for i, e := range f.a.Edges[:2] {
		if gone, left := f.see(f.looks, i); !left {
			seen = append(seen, harness.Sighting{Edge: e, At: time.Now(), Gone: gone})
		} else {
			err = errors.New("a control was silent")
		}
	}
	return seen, err
}

// TestEveryEdgeCounts: the edges that are lost are told, each with when it was last seen, and the others are not.
func TestEveryEdgeCounts(t *testing.T) {
	for name, c := range map[string]struct {
		see  func(look, edge int) (string, bool)
		want []string
	}{
		"one":  {func(look, edge int) (string, bool) { return answers(look == 3 && edge == 1), false }, []string{"1 7.0"}},
		"both": {func(look, _ int) (string, bool) { return answers(look == 3), false }, []string{"0 7.0", "1 7.0"}},
		"one that was not seen before": {func(look, edge int) (string, bool) {
			return answers(look == 3), look == 2 && edge == 0
		}, []string{"0 6.0", "1 7.0"}},
		"one that nobody sees": {func(look, edge int) (string, bool) { return "", edge == 0 }, []string{"0 5.0"}},
		"none":                 {func(look, edge int) (string, bool) { return "", (look+edge)%2 == 0 }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, toyScenario)
				w.plan.faults[0].fault = wrapping{&toyFault{w.sw}, func(i harness.Injection, a harness.Aim) harness.Injection {
					return &edgy{Injection: i, a: a, see: c.see}
				}}
				if err := w.plan.Run(t.Context(), w.opts); err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, l := range w.sink.lost("dark") {
					for _, e := range l.Edges {
						i := slices.IndexFunc(w.plan.Edges("dark"), func(edge harness.Edge) bool { return edge.String() == e.Edge })
						got = append(got, fmt.Sprintf("%d %s", i, e.At))
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("lost are %q, want %q", got, c.want)
				}
			})
		})
	}
}

func answers(does bool) string {
	if does {
		return "it answers"
	}
	return ""
}
