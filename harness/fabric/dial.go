package fabric

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

const (
	edgePort      = 443
	ephemeral     = 49152 // first port of those that dials take in turn (RFC 6335, section 6)
	lastEphemeral = 65535
)

// Dial connects from a place to a host and port by their real names, as a socket would, and takes the round trip that a
// socket takes. An unknown name is a *net.DNSError, and what a rule makes of a lookup is the error itself; a refused
// connection, or a port where nobody listens, is an error that wraps syscall.ECONNREFUSED; in a hole it waits for ctx.
func (f *Fabric) Dial(ctx context.Context, from, hostport string) (net.Conn, error) {
	host, port, err := split(hostport)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "fabric", Err: err}
	}
	f.mu.Lock()
	_, here := f.places[from]
	f.mu.Unlock()
	to, r := f.find(from, host)
	switch {
	case !here:
		return nil, &net.OpError{Op: "dial", Net: "fabric", Err: fmt.Errorf("no place is called %q", from)}
	case r == nil:
		f.refuse(host)
		return nil, &net.OpError{Op: "dial", Net: "fabric",
			Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	p, err := f.dial(ctx, from, to, r, port, nil)
	if unresolved, ok := errors.AsType[*lookupError](err); ok {
		return nil, &net.OpError{Op: "dial", Net: "fabric", Err: unresolved.error}
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "fabric", Addr: addr{host, port}, Err: err}
	}
	return &p.caller, nil
}

// split takes a host and port apart and writes the name as the table does.
func split(hostport string) (string, uint16, error) {
	host, service, err := net.SplitHostPort(hostport)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil || port == 0 {
		return "", 0, &net.AddrError{Err: "not a port", Addr: hostport}
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || strings.HasSuffix(host, ".") {
		return "", 0, &net.AddrError{Err: "no host", Addr: hostport}
	}
	return host, uint16(port), nil
}

// connect dials a route along lanes: for all but canaries those of the route's own host.
// The dial is a byte there and a byte back on the new pipe, so whatever the links do to bytes they do to dials.
func (f *Fabric) connect(ctx context.Context, there, back *lane, r *route, port uint16, v *visit) (*pipe, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer f.work.Done()
	p := newPipe(r.host, there, back, ephemeral+uint16(f.port.Add(1)%(lastEphemeral-ephemeral+1)))
	p.route, p.visit, p.byDoor = r, v, ctx.Value(byDoor{}) != nil
	if v == nil {
		p.luck = there.luck()
	}
	if f.ctx.Err() != nil {
		p.fail(ErrClosed) // endAll may have missed it
	}
	stop := context.AfterFunc(ctx, func() { p.fail(ctx.Err()) })
	err := shake(p, port)
	if err == nil {
		err = r.accept(ctx, p)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		p.fail(net.ErrClosed)
		return nil, err
	}
	return p, nil
}

// shake makes the round trip of a dial.
func shake(p *pipe, port uint16) error {
	one := []byte{0}
	refused := false
	for _, h := range []*half{&p.there, &p.back} {
		if _, err := h.write(one); err != nil {
			return err
		}
		if _, err := h.read(one); err != nil {
			return err
		}
		refused = refused || port != edgePort || p.there.lane.shapeNow().refuse
	}
	if refused || p.establish().refuse {
		return syscall.ECONNREFUSED
	}
	return nil
}

// endAll ends every connection.
func (f *Fabric) endAll() {
	f.mu.Lock()
	lanes := make([]*lane, 0, len(f.lanes))
	for _, l := range f.lanes {
		lanes = append(lanes, l)
	}
	f.mu.Unlock()
	for _, l := range lanes {
		for _, p := range l.standing() {
			p.fail(net.ErrClosed)
		}
	}
}
