package fabric

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
)

// edge is where TLS ends: one server for all hosts, with a certificate for each. It has no timeouts, because a link
// that is held must not be cut by anything but its client's patience.
type edge struct {
	fabric *Fabric
	server http.Server
	queue  chan net.Conn
	start  sync.Once
}

func newEdge(f *Fabric) *edge {
	e := &edge{fabric: f, queue: make(chan net.Conn)}
	e.server = http.Server{
		Handler:        e,
		ErrorLog:       log.New(io.Discard, "", 0),
		MaxHeaderBytes: 64 << 10,
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			// Our own clients offer P-256, browsers X25519; the hybrid default costs half of a login's CPU.
			CurvePreferences:       []tls.CurveID{tls.X25519, tls.CurveP256},
			SessionTicketsDisabled: true, // a fresh user has none, and they outlive a faulty certificate
			GetCertificate:         e.certificate,
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if t, ok := c.(*tls.Conn); ok {
				c = t.NetConn()
			}
			return context.WithValue(ctx, connection{}, c)
		},
		ConnState:   f.counted,
		BaseContext: func(net.Listener) context.Context { return f.ctx },
	}
	return e
}

// connection is the key of a request's pipe end in its context.
type connection struct{}

// Handle puts a host up in a place: its HTTP, at port 443 behind TLS, HTTP/2 and 1.1. Requests carry the place that
// they come from as the host of RemoteAddr.
func (f *Fabric) Handle(host, place string, h http.Handler) error {
	r, err := f.served(strings.ToLower(host), place, h)
	if err != nil {
		return err
	}
	r.api = locate(r.host)
	return f.addRoute(r)
}

// served is a route to a host whose TLS ends at the edge.
func (f *Fabric) served(host, place string, h http.Handler) (*route, error) {
	if f.ca == nil {
		return nil, fmt.Errorf("putting up %s: the fabric has no certificate authority", host)
	}
	cert, err := f.ca.Leaf(host)
	if err != nil {
		return nil, fmt.Errorf("putting up %s: %w", host, err)
	}
	return &route{host: host, place: place, accept: f.edge.accept, edge: true, cert: cert, handler: h}, nil
}

// accept hands the callee's end to the server.
func (e *edge) accept(ctx context.Context, p *pipe) error {
	e.start.Do(func() {
		e.fabric.work.Go(func() { _ = e.server.ServeTLS(e, "", "") }) // always ends with an error: ours
	})
	select {
	case e.queue <- &p.callee:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-e.fabric.ctx.Done():
		return ErrClosed
	}
}

// Accept, Close and Addr make the edge its server's listener.
func (e *edge) Accept() (net.Conn, error) {
	select {
	case c := <-e.queue:
		return c, nil
	case <-e.fabric.ctx.Done():
		return nil, net.ErrClosed
	}
}

func (e *edge) Close() error   { return nil }
func (e *edge) Addr() net.Addr { return addr{"edge", edgePort} }

func (e *edge) close() error {
	e.start.Do(func() {}) // too late to start
	return e.server.Close()
}

func (e *edge) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	c, ok := hello.Conn.(*end)
	if ok {
		name = cmp.Or(name, c.pipe.name)
		for _, l := range c.pipe.there.lane.rulesNow() {
			if l.rule.Effect.Certificate != nil {
				return l.certify(hello, c.pipe, name)
			}
		}
	}
	e.fabric.mu.Lock()
	r := e.fabric.routes[name]
	e.fabric.mu.Unlock()
	if r == nil && ok && c.pipe.name == name {
		r = c.pipe.route // to a name outside the table
	}
	if r == nil || r.cert == nil {
		return nil, fmt.Errorf("no certificate for %q", name)
	}
	return r.cert, nil
}

// ServeHTTP answers for the rules, then hands the request to its host's handler. A request for another host than the
// one that was dialled is misdirected: a client that coalesces connections must not slip past a rule.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e.fabric.enter() != nil {
		return // nobody is left to read an answer
	}
	defer e.fabric.work.Done()
	c, ok := r.Context().Value(connection{}).(*end)
	if !ok {
		http.Error(w, "This request came from nowhere.", http.StatusInternalServerError)
		return
	}
	host, _, err := split(r.Host)
	if err != nil {
		host = strings.ToLower(strings.TrimSuffix(r.Host, "."))
	}
	switch {
	case intercept(w, r, c.pipe, host):
	case host != c.pipe.name:
		http.Error(w, "This host isn't served on this connection.", http.StatusMisdirectedRequest)
	default:
		c.pipe.route.handler.ServeHTTP(w, r)
	}
}

// Backend puts a host up in a place whose connections are tunnelled, TLS and all, to the TCP address that addr tells
// at each dial: a container's address changes with its life.
func (f *Fabric) Backend(host, place string, addr func() string) error {
	return f.addRoute(&route{host: strings.ToLower(host), place: place, accept: func(ctx context.Context, p *pipe) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(f.ctx, cancel)()
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", addr())
		if err != nil {
			return fmt.Errorf("%w: %w", syscall.ECONNREFUSED, err)
		}
		f.join(c.(*net.TCPConn), &p.callee, nil)
		return nil
	}})
}
