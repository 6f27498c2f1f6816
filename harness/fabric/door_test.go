package fabric

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// knock opens a socket to the vantage's door.
func knock(t *testing.T, f *Fabric) *net.TCPConn {
	t.Helper()
	door, err := f.Door(vantage)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", door.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return c.(*net.TCPConn)
}

func TestDoorSaysWhyNot(t *testing.T) {
	f := bare(t)
	lay(t, f, harness.Rule{Edges: both, Effect: refuses})
	for _, c := range []struct {
		request, status, reason, body string
	}{
		{"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443", "403",
			`regiondrill; error=dns_error; rcode="NXDOMAIN"`, "no such host"},
		{"CONNECT " + app + ":443 HTTP/1.1\r\nHost: x", "502", "regiondrill; error=connection_refused", "refused"},
		{"CONNECT " + spare + ":80 HTTP/1.1\r\nHost: x", "502", "regiondrill; error=connection_refused", "refused"},
		{"CONNECT " + app + " HTTP/1.1\r\nHost: x", "400", "", "host and a port"},
		{"CONNECT " + app + ":0 HTTP/1.1\r\nHost: x", "400", "", ""},
		{"CONNECT " + app + ":https HTTP/1.1\r\nHost: x", "400", "", ""},
		{"CONNECT :443 HTTP/1.1\r\nHost: x", "400", "", "host and a port"},
		{"CONNECT user@" + app + ":443 HTTP/1.1\r\nHost: x", "400", "", ""},
		{"CONNECT / HTTP/1.1\r\nHost: " + app + ":443", "400", "", ""},
		{"GET http://" + app + "/ HTTP/1.1\r\nHost: " + app, "405", "", "CONNECT"},
		{"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.test", "403", "", "web page"},
		{"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nReferer: https://evil.test/", "403", "", "web page"},
		{"GET / HTTP/1.1\r\nHost: x\r\nX-Huge: " + strings.Repeat("a", 64<<10), "431", "", ""},
		{"\x16\x03\x01\x02", "400", "", ""},
	} {
		conn := knock(t, f)
		_, _ = io.WriteString(conn, c.request+"\r\n\r\n") // a huge one may be cut short
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%.60q: %v", c.request, err)
			continue
		}
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		_ = answer.Body.Close()
		if !strings.HasPrefix(answer.Status, c.status) || answer.Header.Get("Proxy-Status") != c.reason ||
			!strings.Contains(string(body), c.body) {
			t.Errorf("%.60q: got %s, %q, %q", c.request, answer.Status, answer.Header.Get("Proxy-Status"), body)
		}
	}
	if got := f.Refused(); len(got) != 1 || got["example.com"] != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestRefusedNamesAreBounded(t *testing.T) {
	f := bare(t)
	for i := range 2 * refusedNames {
		_, _ = f.Dial(t.Context(), vantage, fmt.Sprintf("n%d.test:443", i))
	}
	_, _ = f.Dial(t.Context(), vantage, strings.Repeat("a", 1000)+":443")
	got := f.Refused()
	if len(got) != refusedNames+1 || got["…"] != refusedNames+1 {
		t.Errorf("%d names, %d of them under the last", len(got), got["…"])
	}
}

// upperCase is a TCP backend that answers a whole stream, in capitals, only after its end.
func upperCase(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				said, _ := io.ReadAll(c)
				_, _ = io.WriteString(c, strings.ToUpper(string(said)))
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// tunnel opens a tunnel to a backend and tells the door's answer; early is sent in the same breath as the CONNECT.
func tunnelTo(t *testing.T, f *Fabric, host, early string) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	c := knock(t, f)
	_, _ = fmt.Fprintf(c, "CONNECT %s:443 HTTP/1.1\r\nHost: x\r\n\r\n%s", host, early)
	r := bufio.NewReader(c)
	answer, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", answer, err)
	}
	return c, r
}

func TestTunnelClosesByHalves(t *testing.T) {
	f := bare(t)
	address := upperCase(t)
	if err := f.Backend("raw.test", home, func() string { return address }); err != nil {
		t.Fatal(err)
	}
	c, r := tunnelTo(t, f, "raw.test", "early, ")
	long := strings.Repeat("and late ", 100_000)
	_, _ = io.WriteString(c, long)
	_ = c.CloseWrite()
	got, err := io.ReadAll(r)
	if want := strings.ToUpper("early, " + long); string(got) != want || err != nil {
		t.Errorf("got %d bytes of %d, %v", len(got), len(want), err)
	}
}

// TestHalfClosedConnect: a client that closes its half as soon as it has asked for the tunnel is answered all the same,
// also where the server behind is still being reached.
func TestHalfClosedConnect(t *testing.T) {
	f := bare(t)
	address := upperCase(t)
	if err := f.Backend("raw.test", home, func() string { return address }); err != nil {
		t.Fatal(err)
	}
	lay(t, f, harness.Rule{Edges: both, Effect: slows(harness.Traffic{Latency: 100 * time.Millisecond})})
	for early, want := range map[string]string{"": "", "early": "EARLY"} {
		c := knock(t, f)
		_, _ = fmt.Fprintf(c, "CONNECT raw.test:443 HTTP/1.1\r\nHost: x\r\n\r\n%s", early)
		_ = c.CloseWrite()
		r := bufio.NewReader(c)
		answer, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%q: %v, %v", early, answer, err)
		}
		if got, err := io.ReadAll(r); string(got) != want || err != nil {
			t.Errorf("%q: got %q, %v", early, got, err)
		}
	}
}

func TestTunnelCarriesResets(t *testing.T) {
	f := bare(t)
	address := upperCase(t)
	if err := f.Backend("raw.test", home, func() string { return address }); err != nil {
		t.Fatal(err)
	}
	_, r := tunnelTo(t, f, "raw.test", "hello")
	lay(t, f, harness.Rule{Edges: both, Effect: resets})
	if _, err := r.ReadByte(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a standing tunnel read %v", err)
	}
	c, answers := tunnelTo(t, f, "raw.test", "")
	_, _ = io.WriteString(c, "first bytes")
	if _, err := answers.ReadByte(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a new tunnel read %v", err)
	}
}

func TestBackendThatIsDownIsRefused(t *testing.T) {
	f := bare(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	if err := f.Backend("down.test", home, func() string { return address }); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Dial(t.Context(), vantage, "down.test:443"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

func TestClientsThatLeaveLeaveNothing(t *testing.T) {
	f := bare(t)
	lay(t, f, harness.Rule{Edges: both, Effect: loses})
	for range 20 {
		c := knock(t, f)
		_, _ = fmt.Fprintf(c, "CONNECT %s:443 HTTP/1.1\r\nHost: x\r\n\r\n", app)
		_ = c.Close()
	}
	knock(t, f)                                           // and one that never says anything
	_, _ = io.WriteString(knock(t, f), "CONNECT app.us-") // or only half of it
	// Close, in the cleanup, waits for all that the door started, and says so where it doesn't end.
}

func TestMisdirectedRequests(t *testing.T) {
	f := bare(t)
	for host, want := range map[string]int{app: 200, app + ":443": 200, strings.ToUpper(app): 200, other: 421, "": 421} {
		c, err := f.Dial(t.Context(), vantage, app+":443")
		if err != nil {
			t.Fatal(err)
		}
		secure := tls.Client(c, &tls.Config{RootCAs: f.ca.Pool(), ServerName: app})
		_, _ = fmt.Fprintf(secure, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host)
		answer, err := http.ReadResponse(bufio.NewReader(secure), nil)
		if err != nil {
			t.Fatal(host, err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%q: got %s, want %d", host, answer.Status, want)
		}
		_ = secure.Close()
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	f := bare(t)
	address := upperCase(t)
	if err := f.Backend("raw.test", home, func() string { return address }); err != nil {
		t.Fatal(err)
	}
	tunnelTo(t, f, "raw.test", "")
	if _, err := f.Dial(t.Context(), vantage, app+":443"); err != nil {
		t.Fatal(err)
	}
	lay(t, f, harness.Rule{Edges: both, Lease: time.Hour, Effect: holds})
	tlsClient := client(t, f, true)
	go func() { _, _, _ = get(tlsClient, "https://"+app+"/", time.Hour) }()
	door, err := f.Door(vantage)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if c, err := net.Dial("tcp", door.Host); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the door still listens: %v, %v", c, err)
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, ours := range []string{"(*tunnel)", "(*door)", "(*edge)", "(*linkCanary)", "(*requestCanary)", "(*laid)"} {
		if strings.Contains(string(stacks), "fabric."+ours) {
			t.Errorf("goroutines of %s are left:\n%s", ours, stacks)
		}
	}
	if _, err := f.Dial(t.Context(), vantage, app+":443"); !errors.Is(err, ErrClosed) {
		t.Errorf("a dial: %v", err)
	}
	if _, err := f.Lay(t.Context(), harness.Rule{Edges: both, Effect: holds}); !errors.Is(err, ErrClosed) {
		t.Errorf("a rule: %v", err)
	}
	if _, err := f.Door(vantage); !errors.Is(err, ErrClosed) {
		t.Errorf("a door: %v", err)
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"a.test:443", "A.TEST.:443", "[::1]:443", "a:0", ":1", "a", "a:99999", "[a:1", "a:b:c",
		"..:1", "a:+1", "a: 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := split(s)
		if err != nil {
			return
		}
		again, p, err := split(net.JoinHostPort(host, fmt.Sprint(port)))
		if again != host && host[len(host)-1] != '.' || p != port || err != nil || host == "" || port == 0 {
			t.Errorf("%q: %q, %d; again %q, %d, %v", s, host, port, again, p, err)
		}
	})
}
