package fabric

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// door is the way into the fabric from a place for other processes: an HTTP proxy on loopback that knows CONNECT and
// nothing else. Its own limits are for clients that dawdle before they have said where to; a tunnel has none.
type door struct {
	fabric *Fabric
	place  string

	mu     sync.Mutex
	server *http.Server
	url    *url.URL
}

// Door is the URL of a place's HTTP proxy on 127.0.0.1, for clients in other processes. It listens from the first call
// on.
func (f *Fabric) Door(from string) (*url.URL, error) {
	f.mu.Lock()
	d, known := f.places[from]
	closed := f.closed
	f.mu.Unlock()
	switch {
	case closed:
		return nil, ErrClosed
	case !known:
		return nil, fmt.Errorf("opening a door: no place is called %q", from)
	}
	return d.open()
}

func (d *door) open() (*url.URL, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.url != nil {
		return d.url, nil
	}
	if d.fabric.ctx.Err() != nil {
		return nil, ErrClosed
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the door of %s: %w", d.place, err)
	}
	d.server = &http.Server{
		Handler:           d,
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return d.fabric.ctx },
		ConnState:         d.fabric.counted,
	}
	d.url = &url.URL{Scheme: "http", Host: l.Addr().String()}
	d.fabric.work.Go(func() { _ = d.server.Serve(l) }) // always ends with an error: ours
	return d.url, nil
}

func (d *door) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server == nil {
		return nil
	}
	return d.server.Close()
}

// ServeHTTP opens a tunnel, or says why not. Any web page can make a browser send a request to loopback, but no page
// can make it send a CONNECT.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.fabric.work.Add(1) // the server forgets its socket when it is taken over
	defer d.fabric.work.Done()
	switch h := r.Header; {
	case r.Method == http.MethodConnect:
		d.connect(w, r)
	case h.Get("Origin") != "" || h.Get("Referer") != "" || h.Get("Sec-Fetch-Site") != "":
		http.Error(w, "This is a proxy, and no place for a web page's requests.", http.StatusForbidden)
	default:
		w.Header().Set("Allow", http.MethodConnect)
		http.Error(w, "This proxy only tunnels: it knows CONNECT and nothing else. Ask for https URLs.",
			http.StatusMethodNotAllowed)
	}
}

func (d *door) connect(w http.ResponseWriter, r *http.Request) {
	target := r.Host
	if r.URL.Path != "" || r.URL.RawQuery != "" || r.URL.User != nil {
		target = ""
	}
	host, _, err := split(target)
	if err != nil {
		http.Error(w, "CONNECT takes a host and a port, as in example.test:443.", http.StatusBadRequest)
		return
	}
	ctx, done := d.dialing(r.Context())
	defer done()
	c, err := d.fabric.Dial(context.WithValue(ctx, byDoor{}, true), d.place, target)
	if err != nil {
		d.fabric.missed(d.place, host, err)
		c, err = d.fabric.dialOtherwise(ctx, d.place, target, err)
	}
	if err != nil {
		status, reason := explain(err)
		if !d.fabric.knows(host) {
			status = http.StatusForbidden // the world is closed
		}
		w.Header().Set("Proxy-Status", "regiondrill; "+reason)
		http.Error(w, fmt.Sprintf("No tunnel to %q: %v.", target, err), status)
		return
	}
	d.tunnel(w, c.(*end))
}

// halfClosedLimit is how long a client that sends nothing more is waited for: it may have closed its half alone, which
// is its right, or may have gone, which looks the same.
const halfClosedLimit = 10 * time.Second

// dialing is the context to dial in for a request. The server ends a request's own as soon as the client has closed its
// half.
func (d *door) dialing(request context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(d.fabric.ctx)
	stop := context.AfterFunc(request, func() {
		select {
		case <-ctx.Done():
		case <-time.After(halfClosedLimit):
			cancel()
		}
	})
	return ctx, func() { stop(); cancel() }
}

// explain is the status and the Proxy-Status (RFC 9209, section 2.3) of a dial that did not succeed.
func explain(err error) (int, string) {
	lookup, unresolved := errors.AsType[*net.DNSError](err)
	switch {
	case unresolved && lookup.IsNotFound:
		return http.StatusBadGateway, `error=dns_error; rcode="NXDOMAIN"`
	case unresolved && lookup.IsTimeout:
		return http.StatusBadGateway, "error=dns_timeout"
	case unresolved:
		return http.StatusBadGateway, "error=dns_error"
	case errors.Is(err, syscall.ECONNREFUSED):
		return http.StatusBadGateway, "error=connection_refused"
	case errors.Is(err, syscall.ECONNRESET):
		return http.StatusBadGateway, "error=connection_terminated"
	}
	return http.StatusBadGateway, "error=proxy_internal_error"
}

// tunnel takes the client's socket over from the server.
func (d *door) tunnel(w http.ResponseWriter, e *end) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = e.Close()
		return
	}
	socket, ok := c.(*net.TCPConn)
	before, _ := rw.Reader.Peek(rw.Reader.Buffered())
	if _, err = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil || !ok {
		_ = c.Close()
		_ = e.Close()
		return
	}
	d.fabric.join(socket, e, append([]byte(nil), before...))
}
