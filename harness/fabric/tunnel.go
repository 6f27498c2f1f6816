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
	raw, err := t.socket.SyscallConn()
	if err != nil {
		return err
	}
	for {
		switch buf, err := t.fabric.room.receive(raw); {
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

// receive waits until the socket has bytes, and only then takes a buffer: an idle socket shall cost none.
func (r *room) receive(raw syscall.RawConn) (*buffer, error) {
	var buf *buffer
	var n int
	var err error
	waited := raw.Read(func(fd uintptr) bool {
		buf = r.obtain(largest)
		for {
			n, err = syscall.Read(int(fd), buf.data[:largest])
			if !errors.Is(err, syscall.EINTR) {
				break
			}
		}
		if errors.Is(err, syscall.EAGAIN) {
			r.release(buf)
			return false
		}
		return true
	})
	switch {
	case waited != nil:
		return nil, waited
	case err != nil || n == 0:
		r.release(buf)
		if err == nil {
			err = io.EOF
		}
		return nil, err
	}
	buf.data = buf.data[:n]
	return buf, nil
}
