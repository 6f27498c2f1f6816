package fabric

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// pair dials from the vantage to a host and takes both ends, so that no server is in the way.
func pair(t *testing.T, f *Fabric, host string) (near, far *end) {
	t.Helper()
	r := f.routes[host]
	there, back := f.lanesOf(vantage, r.place, host)
	p, err := f.connect(t.Context(), there, back, &route{host: host, place: r.place, accept: acceptNothing}, edgePort, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.fail(net.ErrClosed) })
	return &p.caller, &p.callee
}

// lay puts a rule in force that must be good.
func lay(t *testing.T, f *Fabric, r harness.Rule) harness.Laid {
	t.Helper()
	if r.Name == "" {
		r.Name = kind(r)
	}
	l, err := f.Lay(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// cross sends a byte and tells how long it took, or that it did not arrive within an hour.
func cross(near, far *end) (time.Duration, error) {
	began := time.Now()
	_ = far.SetReadDeadline(began.Add(time.Hour))
	if _, err := near.Write([]byte{1}); err != nil {
		return 0, err
	}
	_, err := far.Read(make([]byte, 1))
	return time.Since(began), err
}

func TestAHoleHoldsItsDirectionAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		near, far := pair(t, f, app)
		l := lay(t, f, harness.Rule{Edges: both[:1], Effect: holds})
		if took, err := cross(far, near); took != 4*time.Millisecond || err != nil {
			t.Errorf("answers took %v, %v", took, err)
		}
		if _, err := cross(near, far); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
			t.Errorf("a request arrived: %v", err)
		}
		_ = far.SetReadDeadline(time.Time{})
		l.Lift()
		l.Lift()
		if n, err := far.Read(make([]byte, 8)); n != 1 || err != nil {
			t.Errorf("after lifting: %d bytes, %v", n, err)
		}
	})
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestRulesAddUpAndAreLiftedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		near, far := pair(t, f, app)
		want := func(what string, want time.Duration) {
			t.Helper()
			if took, err := cross(near, far); took != want || err != nil {
				t.Errorf("%s: %v, %v; want %v", what, took, err, want)
			}
		}
		want("bare", 4*time.Millisecond)
		a := lay(t, f, harness.Rule{Edges: both, Effect: slows(harness.Traffic{Latency: 10 * time.Millisecond})})
		want("one", 14*time.Millisecond)
		b := lay(t, f, harness.Rule{Edges: both, Hosts: []string{app},
			Effect: slows(harness.Traffic{Latency: 100 * time.Millisecond})})
		want("two", 114*time.Millisecond)
		a.Lift()
		want("the second alone", 104*time.Millisecond)
		n, r := pair(t, f, other)
		if took, err := cross(n, r); took != 4*time.Millisecond || err != nil {
			t.Errorf("the host that the rule isn't narrowed to: %v, %v", took, err)
		}
		b.Lift()
		x := lay(t, f, harness.Rule{Edges: both, Effect: holds})
		y := lay(t, f, harness.Rule{Edges: both[:1], Effect: holds})
		x.Lift()
		time.AfterFunc(time.Minute, y.Lift)
		want("the second hole", time.Minute)
		want("bare again", 4*time.Millisecond)
	})
}

func TestLosingHolesKeepWhatMetThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		met, metFar := pair(t, f, app)
		idle, idleFar := pair(t, f, app)
		flying, flyingFar := pair(t, f, app)
		left, leftFar := pair(t, f, app)
		_ = left.Close()
		_, _ = flying.Write([]byte("on its way"))
		l := lay(t, f, harness.Rule{Edges: both, Effect: loses})
		_, _ = met.Write([]byte("into the hole"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		dialled := make(chan error)
		go func() {
			_, err := f.Dial(ctx, vantage, app+":443")
			dialled <- err
		}()
		time.Sleep(time.Second)
		l.Lift()
		for what, c := range map[string]*end{"bytes met it": metFar, "bytes were in flight": flyingFar} {
			_ = c.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
				t.Errorf("%s: read %v", what, err)
			}
		}
		if err := <-dialled; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a dial that met it: %v", err)
		}
		if _, err := cross(idle, idleFar); err != nil {
			t.Errorf("a connection that was idle all the time: %v", err)
		}
		if c, err := f.Dial(t.Context(), vantage, app+":443"); err != nil {
			t.Errorf("a new dial: %v", err)
		} else {
			_ = c.Close()
		}
		if _, err := leftFar.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the far end of a connection whose end was in flight: %v", err)
		}
		_ = met.Close()
		if _, err := metFar.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the far end of a lost connection that its client left: %v", err)
		}
	})
}

func TestBusyEdgeLeavesTheLinkAlone(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			c := client(t, f, h2)
			status := func(host string, want int, took time.Duration) {
				t.Helper()
				if got, d, err := get(c, "https://"+host+"/", time.Minute); got != want || d != took || err != nil {
					t.Errorf("HTTP/2 %v: %s: %d, %v after %v; want %d after %v", h2, host, got, err, d, want, took)
				}
			}
			status(app, 200, 24*time.Millisecond)
			status(other, 200, 24*time.Millisecond)
			l := lay(t, f, harness.Rule{Edges: both[:1], Hosts: []string{app}, Effect: busy})
			status(app, 503, 8*time.Millisecond)
			status(other, 200, 8*time.Millisecond)
			l.Lift()
			status(app, 200, 8*time.Millisecond)
		})
	}
}

func TestJitterIsDrawnOnceAnInstant(t *testing.T) {
	run := func() (took []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			lay(t, f, harness.Rule{Edges: both, Effect: slows(harness.Traffic{Jitter: 20 * time.Millisecond})})
			c := client(t, f, true)
			for range 5 {
				_, d, err := get(c, "https://"+app+"/", time.Minute)
				if err != nil || d < 8*time.Millisecond || d > 144*time.Millisecond {
					t.Errorf("took %v, %v", d, err)
				}
				took = append(took, d)
			}
		})
		return took
	}
	first := run()
	for range 3 {
		for i, d := range run() {
			if d != first[i] {
				t.Errorf("request %d took %v, and %v in the first run", i, d, first[i])
			}
		}
	}
	if first[1] == first[2] && first[2] == first[3] {
		t.Errorf("no jitter: %v", first)
	}
}

func TestBandwidthPacesAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := bare(t)
		near, far := pair(t, f, app)
		lay(t, f, harness.Rule{Edges: both, Effect: slows(harness.Traffic{Latency: 10 * time.Millisecond,
			Bandwidth: 1 << 20})})
		sent := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
		began := time.Now()
		go func() {
			_, _ = near.Write(sent)
			_ = near.CloseWrite()
		}()
		got, err := io.ReadAll(far)
		if took := time.Since(began); !bytes.Equal(got, sent) || err != nil || took < 4*time.Second ||
			took > 4*time.Second+11*time.Millisecond {
			t.Errorf("%d bytes took %v, %v", len(got), took, err)
		}
	})
}

func TestRulesThatCannotActAreErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		for _, c := range []struct {
			rule harness.Rule
			want string
		}{
			{harness.Rule{Name: "x", Edges: both}, "laying x: it does nothing: it neither answers nor delays"},
			{harness.Rule{Name: "x", Edges: both, Effect: harness.Effect{Cut: true}},
				"laying x: it does nothing: it neither answers nor delays"},
			{harness.Rule{Name: "x", Effect: resets}, "laying x: it has no edge"},
			{harness.Rule{Name: "x", Edges: []harness.Edge{{From: vantage, To: "mars"}}, Effect: resets},
				`laying x: no place is called "mars"`},
			{harness.Rule{Name: "x", Edges: both, Hosts: []string{"nobody.test"}, Effect: resets},
				`laying x: no host is called "nobody.test"`},
			{harness.Rule{Name: "x", Edges: both[1:], Hosts: []string{app}, Effect: refuses},
				"laying x: none of its hosts is reached along its edges"},
			{harness.Rule{Name: "x", Edges: both, Hosts: []string{spare}, Effect: holds},
				"laying x: none of its hosts is reached along its edges"},
			{harness.Rule{Name: "x", Edges: both, Effect: slows(harness.Traffic{Latency: -1})},
				"laying x: latency, jitter, bandwidth and lease are never negative"},
		} {
			if _, err := f.Lay(t.Context(), c.rule); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		}
		for _, l := range f.lanes {
			if n := len(l.standing()); n != 0 {
				t.Errorf("%d pipes are left on %v", n, l.key)
			}
		}
	})
}

func TestCutsWinOverHoles(t *testing.T) {
	for want, effect := range cuts {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			hole := lay(t, f, harness.Rule{Edges: both, Effect: holds})
			cut := lay(t, f, harness.Rule{Edges: both, Effect: effect})
			_, took, err := get(client(t, f, true), "https://"+app+"/", time.Minute)
			if !errors.Is(err, want) || took > 12*time.Millisecond {
				t.Errorf("%s over a hole: %v after %v", want, err, took)
			}
			cut.Lift()
			if _, took, err := get(client(t, f, true), "https://"+app+"/", time.Minute); took != time.Minute {
				t.Errorf("the hole without %s: %v after %v", want, err, took)
			}
			hole.Lift()
		})
	}
}

// A rule that refuses and doesn't cut leaves what stands alone, and the holes that hold it.
func TestRefusalsThatDontCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		near, far := pair(t, f, app)
		l := lay(t, f, harness.Rule{Edges: both[:1], Effect: harness.Effect{Traffic: harness.Traffic{Refuse: true}}})
		if _, err := l.Prove(t.Context(), true); err != nil {
			t.Error(err)
		}
		if took, err := cross(near, far); took != 4*time.Millisecond || err != nil {
			t.Errorf("what stands: %v after %v", err, took)
		}
		if _, took, err := get(client(t, f, true), "https://"+app+"/", time.Minute); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a dial: %v after %v", err, took)
		}
		hole := lay(t, f, harness.Rule{Edges: both[:1], Effect: holds})
		if _, err := cross(near, far); !isTimeout(err) {
			t.Errorf("what stands in a hole: %v", err)
		}
		hole.Lift()
	})
}
