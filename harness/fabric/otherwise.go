package fabric

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// otherwise is who answers for names outside the table.
type otherwise struct {
	match   func(host string) bool
	handler http.Handler
}

// Otherwise lets h answer, over TLS at port 443, for every name outside the table that match takes, in place of the
// refusal that clients of the doors meet. They are told what is missing by a server whose certificate they trust. The
// world stays closed: Dial still knows no such name, nothing leaves this process, and each name is counted as refused.
// No rule acts on these connections. match and h are called from several goroutines; a later call replaces both.
func (f *Fabric) Otherwise(match func(host string) bool, h http.Handler) {
	f.otherwise.Store(&otherwise{match, h})
}

// nowhere is the place where names outside the table are answered. It is none that AddPlace made, so that no rule has
// an edge to it.
const nowhere = ""

// dialOtherwise connects a client of a place's door to who answers for a name outside the table. Where nobody does, the
// error is refused: that of the dial which didn't know the name.
func (f *Fabric) dialOtherwise(ctx context.Context, from, hostport string, refused error) (net.Conn, error) {
	unknown, unresolved := errors.AsType[*net.DNSError](refused)
	o := f.otherwise.Load()
	host, port, err := split(hostport)
	ours := err == nil && unresolved && unknown.IsNotFound && !f.knows(host)
	if !ours || o == nil || port != edgePort || !o.match(host) {
		return nil, refused
	}
	r, err := f.served(host, nowhere, o.handler)
	if err != nil {
		return nil, err
	}
	there, back := f.lanesOf(from, nowhere, "") // the same for all names, of which there may be any number
	p, err := f.connect(ctx, there, back, r, port, nil)
	if err != nil {
		return nil, err
	}
	return &p.caller, nil
}
