package fabric

import (
	"net"
	"testing"

	"golang.org/x/net/nettest"
)

// TestPipeIsAConnection holds both ends to what net.Conn promises.
func TestPipeIsAConnection(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		f := New(Options{})
		there, back := f.lanesOf(vantage, home, app)
		p := newPipe(app, there, back, ephemeral)
		p.establish()
		return &p.caller, &p.callee, func() { _ = f.Close() }, nil
	})
}
