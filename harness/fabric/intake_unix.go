//go:build unix

package fabric

import (
	"errors"
	"io"
	"net"
	"syscall"
)

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
