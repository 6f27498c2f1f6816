package fabric

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Environment of the comparison. The first asks for it; the others make a process of the test binary a proxy.
const (
	compareEnv = "REGIONDRILL_COMPARE"
	proxyEnv   = "REGIONDRILL_BENCH_PROXY"
	backendEnv = "REGIONDRILL_BENCH_BACKEND"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(proxyEnv); kind != "" {
		if err := serveProxy(kind, os.Getenv(backendEnv)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveProxy is a proxy in a process of its own. It prints its address, answers each line of its input with the size
// of its memory, and ends with its input.
func serveProxy(kind, backend string) error {
	switch kind {
	case "fabric":
		f := New(Options{})
		defer func() { _ = f.Close() }()
		if _, err := through(f, backend); err != nil {
			return err
		}
		door, err := f.Door(vantage)
		if err != nil {
			return err
		}
		fmt.Println(door.Host)
	case "toxiproxy":
		s := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
		p := toxiproxy.NewProxy(s, "bench", "127.0.0.1:0", backend)
		if err := p.Start(); err != nil {
			return err
		}
		defer p.Stop()
		fmt.Println(p.Listen)
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		debug.FreeOSMemory()
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return err
		}
		_, rss, _ := strings.Cut(string(status), "VmRSS:")
		var kb int
		if _, err := fmt.Sscan(rss, &kb); err != nil {
			return err
		}
		fmt.Println(kb)
	}
	return nil
}

// contender is a proxy under comparison.
type contender struct {
	kind string
	dial func() (net.Conn, error)
	rss  func() int // KB
	stop func()

	p50, p99 []float64 // µs of a round trip, by round
	rate     []float64 // MB/s of one connection
	idle     []float64 // KB of an idle connection
}

// launch starts a proxy's process.
func launch(t *testing.T, kind, backend string) *contender {
	t.Helper()
	c := &contender{kind: kind}
	if kind == "none" {
		c.dial = func() (net.Conn, error) { return net.Dial("tcp", backend) }
		c.stop = func() {}
		return c
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), proxyEnv+"="+kind, backendEnv+"="+backend)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewScanner(stdout)
	out.Scan()
	address := out.Text()
	c.dial = func() (net.Conn, error) { return net.Dial("tcp", address) }
	if kind == "fabric" {
		c.dial = func() (net.Conn, error) { return viaProxy(address, app+":443") }
	}
	c.rss = func() (kb int) {
		_, _ = fmt.Fprintln(in)
		out.Scan()
		_, _ = fmt.Sscan(out.Text(), &kb)
		return kb
	}
	c.stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	return c
}

// open makes a connection through the proxy that does what mode says.
func (c *contender) open(t *testing.T, mode byte) net.Conn {
	t.Helper()
	conn, err := c.dial()
	if err != nil {
		t.Fatal(c.kind, err)
	}
	b := []byte{mode}
	if _, err = conn.Write(b); err == nil && mode == echoes {
		_, err = conn.Read(b)
	}
	if err != nil {
		t.Fatal(c.kind, err)
	}
	return conn
}

func (c *contender) roundTrips(t *testing.T) {
	t.Helper()
	conn := c.open(t, echoes)
	defer func() { _ = conn.Close() }()
	took := make([]time.Duration, 12000)
	b := make([]byte, 64)
	for i := range took {
		began := time.Now()
		if _, err := conn.Write(b); err != nil {
			t.Fatal(c.kind, err)
		}
		if _, err := io.ReadFull(conn, b); err != nil {
			t.Fatal(c.kind, err)
		}
		took[i] = time.Since(began)
	}
	took = took[2000:] // the first warm up
	slices.Sort(took)
	c.p50 = append(c.p50, float64(took[len(took)/2].Nanoseconds())/1e3)
	c.p99 = append(c.p99, float64(took[len(took)*99/100].Nanoseconds())/1e3)
}

func (c *contender) stream(t *testing.T) {
	t.Helper()
	conn := c.open(t, counts)
	defer func() { _ = conn.Close() }()
	chunk := make([]byte, 256<<10)
	began := time.Now()
	for sent := 0; sent < counted; sent += len(chunk) {
		if _, err := conn.Write(chunk); err != nil {
			t.Fatal(c.kind, err)
		}
	}
	if _, err := conn.Read(chunk); err != nil {
		t.Fatal(c.kind, err)
	}
	c.rate = append(c.rate, counted/1e6/time.Since(began).Seconds())
}

func (c *contender) crowd(t *testing.T) {
	t.Helper()
	const idle = 4000
	c.open(t, echoes)
	before := c.rss()
	conns := make([]net.Conn, idle)
	for i := range conns {
		conns[i] = c.open(t, echoes)
	}
	c.idle = append(c.idle, float64(c.rss()-before)/idle)
	for _, conn := range conns {
		_ = conn.Close()
	}
}

// TestBesideToxiproxy compares the door with Toxiproxy on plain TCP, in processes of their own, over interleaved
// rounds. It gates nothing but prints: go test -run TestBesideToxiproxy -v with REGIONDRILL_COMPARE=1.
func TestBesideToxiproxy(t *testing.T) {
	if os.Getenv(compareEnv) == "" {
		t.Skip("set " + compareEnv + "=1 to compare the fabric with Toxiproxy")
	}
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var all []*contender
	for _, kind := range []string{"toxiproxy", "fabric", "none"} {
		all = append(all, launch(t, kind, l.Addr().String()))
	}
	for range 7 {
		for _, c := range all {
			c.roundTrips(t)
			c.stream(t)
		}
	}
	for _, c := range all {
		c.stop()
		for range 3 {
			if c.kind == "none" {
				break
			}
			fresh := launch(t, c.kind, l.Addr().String())
			fresh.crowd(t)
			fresh.stop()
			c.idle = append(c.idle, fresh.idle...)
		}
	}
	t.Logf("%-10s %26s %26s %26s %22s", "", "rtt p50 µs", "rtt p99 µs", "MB/s one connection", "KB an idle connection")
	for _, c := range all {
		t.Logf("%-10s %26s %26s %26s %22s", c.kind, median(c.p50), median(c.p99), median(c.rate), median(c.idle))
	}
}

// median and the range of some figures.
func median(figures []float64) string {
	if len(figures) == 0 {
		return "-"
	}
	slices.Sort(figures)
	return fmt.Sprintf("%.1f (%.1f-%.1f)", figures[len(figures)/2], figures[0], figures[len(figures)-1])
}
