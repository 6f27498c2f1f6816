package fabric

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
)

// BenchmarkPipeRoundTrip is what every byte of a drill pays: a byte there and a byte back between two goroutines.
func BenchmarkPipeRoundTrip(b *testing.B) {
	near, far := benchPair(b)
	go func() { _, _ = io.Copy(struct{ io.Writer }{far}, far) }()
	one := make([]byte, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := near.Write(one); err != nil {
			b.Fatal(err)
		}
		if _, err := near.Read(one); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPipeThroughput(b *testing.B) {
	near, far := benchPair(b)
	go func() { _, _ = io.Copy(io.Discard, far) }()
	chunk := make([]byte, 64<<10)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := near.Write(chunk); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDoorRoundTrip(b *testing.B) {
	c := benchDoor(b, echoes)
	one := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(one); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, one); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDoorThroughput(b *testing.B) {
	c := benchDoor(b, counts)
	chunk := make([]byte, 64<<10)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(chunk); err != nil {
			b.Fatal(err)
		}
	}
}

// benchPair are the ends of a pipe on an unshaped link.
func benchPair(b *testing.B) (near, far *end) {
	b.Helper()
	f := New(Options{})
	b.Cleanup(func() { _ = f.Close() })
	there, back := f.lanesOf(vantage, home, app)
	p := newPipe(app, there, back, ephemeral)
	p.establish()
	return &p.caller, &p.callee
}

// benchDoor is a socket into a fabric's door whose other end does what mode says.
func benchDoor(b *testing.B, mode byte) net.Conn {
	b.Helper()
	echo, err := listen()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = echo.Close() })
	f := New(Options{})
	b.Cleanup(func() { _ = f.Close() })
	dial, err := through(f, echo.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	c, err := dial()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write([]byte{mode}); err != nil {
		b.Fatal(err)
	}
	if mode == echoes {
		if _, err := c.Read(make([]byte, 1)); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

// through puts a door in front of a backend and tells how to get there.
func through(f *Fabric, backend string) (dial func() (net.Conn, error), err error) {
	// The places are put in by hand: AddPlace would ask for a CA, which raw bytes don't need.
	for _, p := range []string{vantage, home} {
		f.places[p] = &door{fabric: f, place: p}
	}
	if err := f.Backend(app, home, func() string { return backend }); err != nil {
		return nil, err
	}
	door, err := f.Door(vantage)
	if err != nil {
		return nil, err
	}
	return func() (net.Conn, error) { return viaProxy(door.Host, app+":443") }, nil
}

// viaProxy opens a tunnel through a proxy.
func viaProxy(proxy, target string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(context.Background(), "tcp", proxy)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(c, 16), nil)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the proxy said %s", answer.Status)
	}
	return c, nil
}

// The first byte of a connection to the backend of the benches says what it does with the rest.
const (
	echoes = 'e'
	counts = 's' // reads, and answers with a byte after the first half of a gigabyte

	counted = 512 << 20
)

// listen starts a backend that lives until its listener is closed.
func listen() (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go backend(c)
		}
	}()
	return l, nil
}

func backend(c net.Conn) {
	defer func() { _ = c.Close() }()
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		return
	}
	if first[0] == counts {
		room := make([]byte, 256<<10)
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(c, counted), room)
		_, _ = c.Write(first)
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, room)
		return
	}
	// A small buffer of our own: io.Copy between sockets would splice, which costs a descriptor more a connection.
	_, _ = c.Write(first)
	_, _ = io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 512))
}
