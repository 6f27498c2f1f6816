package fabric

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// Lookups of the tests.
var (
	notFound harness.Lookup = func(_ context.Context, host string) error {
		return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	timedOut harness.Lookup = func(_ context.Context, host string) error {
		return &net.DNSError{Err: "i/o timeout", Name: host, IsTimeout: true}
	}
	failed harness.Lookup = func(_ context.Context, host string) error {
		return &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}
	}
	silent harness.Lookup = func(ctx context.Context, _ string) error {
		<-ctx.Done()
		return ctx.Err()
	}
)

func slowly(d time.Duration) harness.Lookup {
	return func(ctx context.Context, _ string) error {
		if !pause(ctx, d) {
			return ctx.Err()
		}
		return nil
	}
}

func looking(l harness.Lookup) harness.Effect { return harness.Effect{Lookup: l} }

// dialIn dials from the vantage within a minute and tells how long it took.
func dialIn(f *Fabric, host string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	began := time.Now()
	conn, err := f.Dial(ctx, vantage, host+":443")
	if err == nil {
		_ = conn.Close()
	}
	return time.Since(began), err
}

var dials = []struct {
	name string
	look harness.Lookup
	took time.Duration
	err  func(error) bool
}{
	{"not found", notFound, 0, func(err error) bool {
		dns, ok := errors.AsType[*net.DNSError](err)
		return ok && dns.IsNotFound && dns.Name == app
	}},
	{"timed out", timedOut, 0, isTimeout},
	{"silent", silent, time.Minute, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	{"slow", slowly(300 * time.Millisecond), 308 * time.Millisecond, func(err error) bool { return err == nil }},
	{"very slow", slowly(10 * time.Second), 10008 * time.Millisecond, func(err error) bool { return err == nil }},
}

// TestLookups dials under a rule on lookups, narrowed to one host, and verifies, lifts and proves it.
func TestLookups(t *testing.T) {
	for _, c := range dials {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t)
				stands := client(t, f, true)
				if status, _, err := get(stands, "https://"+app+"/", time.Minute); status != 200 {
					t.Fatal(status, err)
				}
				l := lay(t, f, harness.Rule{Edges: both[:1], Hosts: []string{app}, Effect: looking(c.look)})
				proven(t, l, true)
				looksAt(t, f, l, "in force", false)
				if took, err := dialIn(f, app); took != c.took || !c.err(err) {
					t.Errorf("a dial took %v: %v", took, err)
				} else if op, ok := errors.AsType[*net.OpError](err); err != nil && (!ok || op.Op != "dial") {
					t.Errorf("the error is no dial's: %v", err)
				}
				if took, err := dialIn(f, other); took != 8*time.Millisecond || err != nil {
					t.Errorf("a dial of another host took %v: %v", took, err)
				}
				if status, took, err := get(stands, "https://"+app+"/", time.Minute); status != 200 || took != 8*time.Millisecond {
					t.Errorf("a standing connection: %d, %v after %v", status, err, took)
				}
				for k, lane := range f.lanes {
					if k.host == app {
						lane.setRules(nil)
					}
				}
				if said := looksAt(t, f, l, "healed behind its back", true); said != "a lookup of "+app+" would pass it by" {
					t.Errorf("it says %q", said)
				}
				l.Lift()
				proven(t, l, false)
				if took, err := dialIn(f, app); took != 8*time.Millisecond || err != nil {
					t.Errorf("when it was lifted, a dial took %v: %v", took, err)
				}
			})
		})
	}
}

// TestLookupsThatDontShow: a rule whose Shows doesn't see it, or that another hides, is not proven.
func TestLookupsThatDontShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		slow := looking(slowly(time.Millisecond))
		slow.Shows = func(m harness.Met) error {
			if m.Err == nil && m.Took < time.Second {
				return fmt.Errorf("a lookup took %v at most", m.Took)
			}
			return nil
		}
		l := lay(t, f, harness.Rule{Name: "slow", Edges: both[:1], Effect: slow})
		const want = "proving slow in force on new-york→us-east-1: a lookup took 25ms at most"
		if _, err := l.Prove(t.Context(), true); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		first := lay(t, f, harness.Rule{Edges: both[:1], Effect: looking(notFound)})
		hidden := lay(t, f, harness.Rule{Edges: both[:1], Effect: looking(timedOut)})
		if _, err := hidden.Prove(t.Context(), true); !errors.Is(err, errHidden) {
			t.Errorf("a rule that another hides is proven: %v", err)
		}
		hidden.Lift()
		time.AfterFunc(time.Minute, first.Lift) // until then nobody can tell
		proven(t, hidden, false)
	})
}

// A lookup ends with the fabric, and Close waits for it.
func TestLookupsEndWithTheFabric(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		lay(t, f, harness.Rule{Edges: both[:1], Effect: looking(silent)})
		dialled := make(chan error, 1)
		go func() {
			_, err := f.Dial(context.Background(), vantage, app+":443")
			dialled <- err
		}()
		synctest.Wait()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := <-dialled; !errors.Is(err, ErrClosed) {
			t.Errorf("the dial says %v", err)
		}
	})
}

// A host beyond the fabric can be looked up too; its server never sees a canary.
func TestLookupsOfHostsBeyondTheFabric(t *testing.T) {
	f := bare(t)
	if err := f.Backend("raw.test", home, func() string { t.Error("a canary got through"); return "" }); err != nil {
		t.Fatal(err)
	}
	l := lay(t, f, harness.Rule{Edges: both[:1], Hosts: []string{"raw.test"}, Effect: looking(slowly(0))})
	proven(t, l, true)
	l.Lift()
	proven(t, l, false)
}

func TestDoorSaysWhatALookupCameTo(t *testing.T) {
	for reason, look := range map[string]harness.Lookup{
		`regiondrill; error=dns_error; rcode="NXDOMAIN"`: notFound,
		"regiondrill; error=dns_timeout":                 timedOut,
		"regiondrill; error=dns_error":                   failed,
	} {
		f := bare(t)
		lay(t, f, harness.Rule{Edges: both[:1], Effect: looking(look)})
		c := knock(t, f)
		_, _ = fmt.Fprintf(c, "CONNECT %s:443 HTTP/1.1\r\nHost: x\r\n\r\n", app)
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := answer.Header.Get("Proxy-Status"); answer.StatusCode != http.StatusBadGateway || got != reason {
			t.Errorf("got %s, %q; want %q", answer.Status, got, reason)
		}
	}
}
