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

// intake reads a socket into buffers of a room.
type intake struct {
	raw  syscall.RawConn
	room *room
	buf  *buffer
	err  error
	try  func(fd uintptr) bool // made once: a closure a read would be garbage a read
}

func newIntake(c *net.TCPConn, r *room) (*intake, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	in := &intake{raw: raw, room: r}
	in.try = in.read
	return in, nil
}

// receive waits until the socket has bytes, and only then takes a buffer: an idle socket shall cost none.
func (in *intake) receive() (*buffer, error) {
	if err := in.raw.Read(in.try); err != nil {
		return nil, err
	}
	if in.err == nil && len(in.buf.data) == 0 {
		in.err = io.EOF
	}
	if in.err != nil {
		in.room.release(in.buf)
		return nil, in.err
	}
	return in.buf, nil
}

// read tries once, and is false where there is nothing yet.
func (in *intake) read(fd uintptr) bool {
	buf := in.room.obtain(largest)
	n, err := syscall.Read(int(fd), buf.data[:largest])
	for errors.Is(err, syscall.EINTR) {
		n, err = syscall.Read(int(fd), buf.data[:largest])
	}
	if errors.Is(err, syscall.EAGAIN) {
		in.room.release(buf)
		return false
	}
	buf.data = buf.data[:max(n, 0)]
	in.buf, in.err = buf, err
	return true
}
