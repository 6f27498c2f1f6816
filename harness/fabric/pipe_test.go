package fabric

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"github.com/regiondrill/regiondrill/harness"
)

// TestPipeIsAConnection holds both ends to what net.Conn promises.
func TestPipeIsAConnection(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		f := New(Options{})
		there, back := f.lanesOf(vantage, home, app)
		p := newPipe(app, there, back, ephemeral)
		p.establish()
		return &p.caller, &p.callee, func() { _ = f.Close() }, nil
	})
}

func TestOverlappingRequestsAreDeterministic(t *testing.T) {
	run := func() []string {
		var took []string
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			lay(t, f, harness.Rule{Edges: both, Effect: slows(harness.Traffic{Jitter: 5 * time.Millisecond})})
			var mu sync.Mutex
			var all sync.WaitGroup
			for i := range 30 {
				c := client(t, f, i%2 == 0)
				all.Go(func() {
					time.Sleep(time.Duration(i%10) * time.Millisecond)
					for k := range 3 {
						status, d, err := get(c, "https://"+app+"/", time.Minute)
						mu.Lock()
						took = append(took, fmt.Sprint(i, k, status, d, err))
						mu.Unlock()
					}
				})
			}
			all.Wait()
		})
		slices.Sort(took)
		return took
	}
	first := run()
	for range 3 {
		if again := run(); !slices.Equal(first, again) {
			t.Errorf("two runs differ:\n%s\n%s", strings.Join(first, "\n"), strings.Join(again, "\n"))
		}
	}
}

func TestAnIdleOrHeldConnectionIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		near, far := pair(t, f, app)
		l := lay(t, f, harness.Rule{Edges: both, Effect: holds})
		_ = near.SetWriteDeadline(time.Now().Add(time.Minute))
		sent := 0
		for {
			n, err := near.Write([]byte{1})
			if sent += n; err != nil {
				break
			}
			time.Sleep(time.Nanosecond) // so that no two writes share a segment
		}
		if held := len(far.in.queue); held > window/overhead+1 || sent != held {
			t.Errorf("%d segments hold %d bytes", held, sent)
		}
		l.Lift()
		got := make([]byte, window)
		for read := 0; read < sent; {
			n, err := far.Read(got)
			if err != nil {
				t.Fatal(err)
			}
			read += n
		}
		if h := far.in; h.size != 0 || len(h.queue) != 0 || cap(h.queue) > 16 {
			t.Errorf("an idle half keeps %d bytes and room for %d segments", h.size, cap(h.queue))
		}
	})
}

func TestLatenessIsCreditedOnlyForOversleeping(t *testing.T) {
	due := time.Unix(1, 0)
	for _, c := range []struct {
		now, since time.Time
		want       time.Duration
	}{
		{due.Add(time.Millisecond), due.Add(-time.Second), time.Millisecond},
		{due.Add(time.Second), due.Add(-time.Second), compensated},
		{due.Add(time.Second), due.Add(time.Second), 0}, // a hole held it
		{due.Add(time.Second), due.Add(time.Second - time.Microsecond), time.Microsecond},
	} {
		if got := lateness(c.now, due, c.since); got != c.want {
			t.Errorf("%v after due, shape since %v: got %v, want %v", c.now.Sub(due), c.since.Sub(due), got, c.want)
		}
	}
}

func TestAnEndThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		near, far := pair(t, f, app)
		_, _ = near.Write([]byte("last words"))
		_ = near.Close()
		if err := near.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a second Close: %v", err)
		}
		b := make([]byte, 100)
		if n, err := far.Read(b); string(b[:n]) != "last words" {
			t.Errorf("read %q, %v", b[:n], err)
		}
		if _, err := far.Write(b); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a write to who left: %v", err)
		}
		_ = far.Close()
		if n := len(far.in.lane.standing()); n != 0 {
			t.Errorf("%d pipes are still on their lanes", n)
		}
	})
}
