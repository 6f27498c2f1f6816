package fabric

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// Certificates of the tests.
var (
	expired harness.Certificate = func(_ context.Context, host string, issue harness.Issue) (*tls.Certificate, error) {
		return issue(host, time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour))
	}
	wrongName harness.Certificate = func(_ context.Context, _ string, issue harness.Issue) (*tls.Certificate, error) {
		return issue("wrong.test", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	}
	stalls harness.Certificate = func(ctx context.Context, _ string, _ harness.Issue) (*tls.Certificate, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	breaks harness.Certificate = func(context.Context, string, harness.Issue) (*tls.Certificate, error) {
		return nil, errors.New("no certificate today")
	}
)

func isExpired(err error) bool {
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok && invalid.Reason == x509.Expired
}

func isWrongName(err error) bool {
	_, ok := errors.AsType[x509.HostnameError](err)
	return ok
}

func isDeadline(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// showsAs is a Shows that takes the canary's error for a client's.
func showsAs(is func(error) bool) func(harness.Met) error {
	return func(m harness.Met) error {
		if !is(m.Err) {
			return fmt.Errorf("a canary met %w", m.Err)
		}
		return nil
	}
}

var certificateFaults = []struct {
	name  string
	shows harness.Certificate
	is    func(error) bool
	took  time.Duration // of a request that may take a minute, 8 ms away
}{
	{"expired", expired, isExpired, 16 * time.Millisecond},
	{"wrong name", wrongName, isWrongName, 16 * time.Millisecond},
	{"stall", stalls, isDeadline, time.Minute},
	{"alert", breaks, func(err error) bool { return err != nil && strings.Contains(err.Error(), "internal error") },
		16 * time.Millisecond},
}

// TestCertificates speaks TLS under a rule on certificates, narrowed to one host: over kept connections, which are cut,
// and new ones.
func TestCertificates(t *testing.T) {
	for _, c := range certificateFaults {
		for _, h2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", c.name, h2), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := start(t)
					kept := client(t, f, h2)
					want := func(what, host string, good bool, wantTook time.Duration) {
						t.Helper()
						status, took, err := get(kept, "https://"+host+"/", time.Minute)
						if took != wantTook || good && status != 200 || !good && !c.is(err) {
							t.Errorf("%s: %d, %v after %v", what, status, err, took)
						}
					}
					want("before", app, true, 24*time.Millisecond)
					l := lay(t, f, harness.Rule{Edges: both[:1], Hosts: []string{app},
						Effect: harness.Effect{Certificate: c.shows, Cut: true, Shows: showsAs(c.is)}})
					synctest.Wait() // the client hears that its connection was cut
					want("under the rule", app, false, c.took)
					want("under the rule, another host", other, true, 24*time.Millisecond)
					proven(t, l, true)
					looksAt(t, f, l, "in force", false)
					l.Lift()
					proven(t, l, false)
					want("lifted", app, true, 24*time.Millisecond)
					looksAt(t, f, l, "lifted", true)
				})
			})
		}
	}
}

// A rule that doesn't cut leaves who has shaken hands alone.
func TestCertificatesLeaveWhatStandsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		kept := client(t, f, true)
		for range 2 {
			if status, took, err := get(kept, "https://"+app+"/", time.Minute); status != 200 {
				t.Errorf("%d, %v after %v", status, err, took)
			}
			l := lay(t, f, harness.Rule{Edges: both, Effect: harness.Effect{Certificate: expired}})
			if proofs, err := l.Prove(t.Context(), true); len(proofs) != 2 || err != nil {
				t.Errorf("proven %v, %v", proofs, err)
			}
			second := lay(t, f, harness.Rule{Edges: both, Effect: harness.Effect{Certificate: wrongName}})
			if _, err := second.Prove(t.Context(), true); !errors.Is(err, errHidden) {
				t.Errorf("a rule that another hides is proven: %v", err)
			}
			second.Lift()
			l.Lift()
		}
	})
}

// A stalled handshake ends when the rule is lifted, and when its client leaves: nobody waits for good.
func TestStalledHandshakesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		var waiting atomic.Int32
		l := lay(t, f, harness.Rule{Edges: both[:1], Effect: harness.Effect{
			Certificate: func(ctx context.Context, host string, _ harness.Issue) (*tls.Certificate, error) {
				if host != app {
					return nil, errors.New("the canary's")
				}
				waiting.Add(1)
				<-ctx.Done()
				waiting.Add(-1)
				return nil, ctx.Err()
			}}})
		shake := func() (leave context.CancelFunc, done chan error) {
			ctx, cancel := context.WithCancel(t.Context())
			done = make(chan error, 1)
			conn, err := f.Dial(ctx, vantage, app+":443")
			if err != nil {
				t.Fatal(err)
			}
			go func() { // a client of net/http would go on with the handshake in the background
				done <- tls.Client(conn, &tls.Config{ServerName: app, RootCAs: f.ca.Pool()}).HandshakeContext(ctx)
				_ = conn.Close()
			}()
			time.Sleep(time.Second)
			return cancel, done
		}
		leave, done := shake()
		if n := waiting.Load(); n != 1 {
			t.Fatalf("%d handshakes are stalled", n)
		}
		leave()
		<-done
		synctest.Wait()
		if n := waiting.Load(); n != 0 {
			t.Errorf("%d handshakes whose client has left are stalled", n)
		}
		leave, done = shake()
		defer leave()
		began := time.Now()
		l.Lift()
		if err := <-done; err == nil || time.Since(began) > 4*time.Millisecond {
			t.Errorf("lifted, it got %v after %v", err, time.Since(began))
		}
		if n := waiting.Load(); n != 0 {
			t.Errorf("%d handshakes are stalled by a rule that was lifted", n)
		}
	})
}

// A rule that says it cuts and doesn't is not proven, nor one that shows another error than it should.
func TestCertificatesThatDontShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		l := lay(t, f, harness.Rule{Edges: both[:1],
			Effect: harness.Effect{Certificate: wrongName, Shows: showsAs(isExpired)}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Prove(ctx, true); err == nil {
			t.Error("a wrong name is proven to be an expired certificate")
		}
		l.Lift()
		_, _ = l.Prove(t.Context(), false)
		f.mu.Lock()
		uncut, err := f.prepare(harness.Rule{Edges: both[:1], Effect: harness.Effect{Certificate: expired, Cut: true}})
		if err != nil {
			t.Fatal(err)
		}
		f.rules = append(f.rules, uncut)
		f.apply(uncut, false)
		uncut.observe()
		f.mu.Unlock()
		if _, err := uncut.Prove(t.Context(), true); err == nil || !strings.Contains(err.Error(), "was not reset") {
			t.Errorf("a rule that cut nothing: %v", err)
		}
	})
}

// What ends beyond the fabric is out of reach.
func TestCertificatesBeyondTheFabric(t *testing.T) {
	f := bare(t)
	if err := f.Backend("raw.test", home, func() string { return "" }); err != nil {
		t.Fatal(err)
	}
	for _, effect := range []harness.Effect{{Certificate: expired}, busy} {
		for _, hosts := range [][]string{nil, {"raw.test"}, {app, "raw.test"}} {
			_, err := f.Lay(t.Context(), harness.Rule{Name: "x", Edges: both[:1], Hosts: hosts, Effect: effect})
			if want := "laying x: the TLS of raw.test ends beyond the fabric"; err == nil || err.Error() != want {
				t.Errorf("hosts %v: got %v, want %s", hosts, err, want)
			}
		}
		l := lay(t, f, harness.Rule{Edges: both[:1], Hosts: []string{app}, Effect: effect})
		proven(t, l, true)
		l.Lift()
	}
}

// TestCertificatesThroughTheDoor is what a browser meets, over sockets.
func TestCertificatesThroughTheDoor(t *testing.T) {
	f := bare(t)
	door, err := f.Door(vantage)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(door), ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: f.ca.Pool()}}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	for _, fault := range certificateFaults {
		limit := time.Minute
		if fault.took == time.Minute {
			limit = 200 * time.Millisecond
		}
		if status, _, err := get(c, "https://"+app+"/", time.Minute); status != 200 {
			t.Errorf("before %s: %d, %v", fault.name, status, err)
		}
		l := lay(t, f, harness.Rule{Edges: both[:1], Effect: harness.Effect{Certificate: fault.shows, Cut: true}})
		_, _, err := get(c, "https://"+app+"/", limit)
		if errors.Is(err, syscall.ECONNRESET) { // the kept connection, whose end had not arrived yet
			_, _, err = get(c, "https://"+app+"/", limit)
		}
		if !fault.is(err) {
			t.Errorf("%s: %v", fault.name, err)
		}
		l.Lift()
		proven(t, l, false)
	}
	// Close, in the cleanup, waits for the stalled handshake's goroutine.
}

// A client of the door that leaves in a stalled handshake is not waited for, whatever rule is in force.
func TestStalledHandshakesEndWithTheSocket(t *testing.T) {
	f := bare(t)
	began, ended := make(chan struct{}), make(chan struct{})
	lay(t, f, harness.Rule{Edges: both[:1], Hosts: []string{app}, Effect: harness.Effect{
		Certificate: func(ctx context.Context, _ string, _ harness.Issue) (*tls.Certificate, error) {
			began <- struct{}{}
			<-ctx.Done()
			ended <- struct{}{}
			return nil, ctx.Err()
		}}})
	<-began // the canary's
	<-ended
	c, _ := tunnelTo(t, f, app, "")
	go func() { _ = tls.Client(c, &tls.Config{ServerName: app, RootCAs: f.ca.Pool()}).Handshake() }()
	<-began
	_ = c.Close()
	<-ended
}
