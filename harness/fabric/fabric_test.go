package fabric

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/fakes/pki"
	"github.com/regiondrill/regiondrill/harness"
)

// Places and hosts of the tests: a vantage, two Regions, and an application in each Region.
const (
	vantage = "new-york"
	home    = "us-east-1"
	away    = "eu-west-1"
	app     = "app.us-east-1.test"
	other   = "other.us-east-1.test"
	spare   = "app.eu-west-1.test"
)

// start makes a fabric of two Regions, 8 ms and 76 ms from the vantage.
func start(t *testing.T) *Fabric {
	t.Helper()
	f := bare(t)
	f.SetRTT(vantage, home, 8*time.Millisecond)
	f.SetRTT(vantage, away, 76*time.Millisecond)
	return f
}

// bare makes the same without distances.
func bare(t *testing.T) *Fabric {
	t.Helper()
	ca, err := pki.NewCA("test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f := New(Options{CA: ca, Seed: 1})
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, p := range []string{vantage, home, away} {
		if err := f.AddPlace(p); err != nil {
			t.Fatal(err)
		}
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if place, _, err := net.SplitHostPort(r.RemoteAddr); place != vantage || err != nil {
			t.Errorf("a request from %s", r.RemoteAddr)
		}
		_, _ = fmt.Fprintf(w, "hello from %s over %s", r.Host, r.Proto)
	})
	for host, place := range map[string]string{app: home, other: home, spare: away} {
		if err := f.Handle(host, place, hello); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// client is a person's browser, as Go has it.
func client(t *testing.T, f *Fabric, h2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{
		ForceAttemptHTTP2:   h2,
		TLSClientConfig:     &tls.Config{RootCAs: f.ca.Pool(), CurvePreferences: []tls.CurveID{tls.CurveP256}},
		TLSHandshakeTimeout: time.Hour,
		DialContext:         fromVantage(f),
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func fromVantage(f *Fabric) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, hostport string) (net.Conn, error) {
		return f.Dial(ctx, vantage, hostport)
	}
}

// get fetches a page within a limit and tells its status and how long it took.
func get(c *http.Client, url string, limit time.Duration) (int, time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	began := time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, err
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, time.Since(began), err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, time.Since(began), err
}

func TestARequestTakesThreeRoundTripsAndThenOne(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			c := client(t, f, h2)
			for i, want := range []time.Duration{24 * time.Millisecond, 8 * time.Millisecond, 8 * time.Millisecond} {
				if status, took, err := get(c, "https://"+app+"/", time.Minute); status != 200 || took != want || err != nil {
					t.Errorf("HTTP/2 %v, request %d: got %d, %v after %v, want 200 after %v", h2, i, status, err, took, want)
				}
			}
			if _, took, err := get(c, "https://"+spare+"/", time.Minute); took != 3*76*time.Millisecond {
				t.Errorf("from afar: got %v, %v", took, err)
			}
		})
	}
}

// both are the two directions between the vantage and its home Region.
var both = []harness.Edge{{From: vantage, To: home}, {From: home, To: vantage}}

func TestHolesHoldAndLetGo(t *testing.T) {
	for name, edges := range map[string][]harness.Edge{"both ways": both, "requests": both[:1], "answers": both[1:]} {
		for _, fresh := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, fresh %v", name, fresh), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := start(t)
					c := client(t, f, true)
					if !fresh {
						_, _, _ = get(c, "https://"+app+"/", time.Minute)
					}
					l, err := f.Lay(t.Context(), harness.Rule{Name: "hole", Edges: edges, Lease: 10 * time.Second, Effect: holds})
					if err != nil {
						t.Fatal(err)
					}
					if status, took, err := get(c, "https://"+spare+"/", time.Minute); status != 200 {
						t.Errorf("the other Region: %d, %v, %v", status, took, err)
					}
					status, _, err := get(c, "https://"+app+"/", time.Minute)
					began, ended, expired := l.Truth()
					if status != 200 || err != nil || !expired || ended.Sub(began) != 10*time.Second {
						t.Errorf("got %d, %v; lifted after %v, expired %v", status, err, ended.Sub(began), expired)
					}
				})
			})
		}
	}
}

// cuts are the rules that end what stands, and what a new request meets.
var cuts = map[syscall.Errno]harness.Effect{syscall.ECONNREFUSED: refuses, syscall.ECONNRESET: resets}

func TestRefuseAndReset(t *testing.T) {
	for want, effect := range cuts {
		synctest.Test(t, func(t *testing.T) {
			f := start(t)
			c, err := f.Dial(t.Context(), vantage, app+":443")
			if err != nil {
				t.Fatal(err)
			}
			l, err := f.Lay(t.Context(), harness.Rule{Name: "cut", Edges: both, Effect: effect})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%s: a standing connection read %v", want, err)
			}
			_, took, err := get(client(t, f, true), "https://"+app+"/", time.Minute)
			if !errors.Is(err, want) || took < 8*time.Millisecond || took > 12*time.Millisecond {
				t.Errorf("%s: a fresh request got %v after %v", want, err, took)
			}
			l.Lift()
			if status, _, err := get(client(t, f, true), "https://"+app+"/", time.Minute); status != 200 {
				t.Errorf("%s: after lifting: %d, %v", want, status, err)
			}
		})
	}
}

func TestDialsBeyondTheWorld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		var unknown *net.DNSError
		if _, err := f.Dial(t.Context(), vantage, "example.com:443"); !errors.As(err, &unknown) || !unknown.IsNotFound {
			t.Errorf("an unknown name: %v", err)
		}
		if got := f.Refused()["example.com"]; got != 1 {
			t.Errorf("counted %d", got)
		}
		if _, err := f.Dial(t.Context(), vantage, app+":80"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("another port: %v", err)
		}
	})
}

func TestDoor(t *testing.T) {
	f := bare(t)
	door, err := f.Door(vantage)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(door), ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: f.ca.Pool()}}
	defer transport.CloseIdleConnections()
	if status, _, err := get(&http.Client{Transport: transport}, "https://"+app+"/", time.Minute); status != 200 {
		t.Errorf("got %d, %v", status, err)
	}
}
