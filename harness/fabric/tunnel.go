package fabric

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
)

// join is a tunnel between a socket and an end: two goroutines until both directions are done. What the socket sent
// before goes first.
func (f *Fabric) join(c *net.TCPConn, e *end, before []byte) {
	t := &tunnel{fabric: f, socket: c, end: e}
	t.running.Store(2)
	f.work.Go(func() { t.run(t.inward(before)) })
	f.work.Go(func() { t.run(t.outward()) })
}

// tunnel joins a socket to an end of a pipe.
type tunnel struct {
	fabric  *Fabric
	socket  *net.TCPConn
	end     *end
	running atomic.Int32 // directions
}

// run ends a direction. A reset crosses at once; an ordinary end closes that half alone, and both ends are closed after
// the second.
func (t *tunnel) run(err error) {
	if errors.Is(err, syscall.ECONNRESET) {
		_ = t.socket.SetLinger(0) // the client shall see a reset, not an end
	}
	if t.running.Add(-1) == 0 || err != nil {
		_ = t.socket.Close() // nothing is left to say
		_ = t.end.Close()
	}
}

// inward copies from the socket to the pipe.
func (t *tunnel) inward(before []byte) error {
	if _, err := t.end.Write(before); err != nil {
		return err
	}
	in, err := newIntake(t.socket, &t.fabric.room)
	if err != nil {
		return err
	}
	for {
		switch buf, err := in.receive(); {
		case errors.Is(err, io.EOF):
			return t.end.CloseWrite()
		case errors.Is(err, syscall.ECONNRESET):
			return io.ErrUnexpectedEOF // the client's own reset reaches the other side as an end
		case err != nil:
			return err
		default:
			if err := t.end.out.hand(buf); err != nil {
				return err
			}
		}
	}
}

// outward copies from the pipe to the socket.
func (t *tunnel) outward() error {
	for {
		buf, off, err := t.end.in.take()
		switch {
		case errors.Is(err, io.EOF):
			return t.socket.CloseWrite()
		case err != nil:
			return err
		}
		_, err = t.socket.Write(buf.data[off:])
		t.fabric.room.release(buf)
		if err != nil {
			return io.ErrUnexpectedEOF
		}
	}
}
