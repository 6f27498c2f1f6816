//go:build !unix

package fabric

import "net"

// intake reads a socket into buffers of a room. Here a socket that is idle costs a buffer.
type intake struct {
	socket *net.TCPConn
	room   *room
}

func newIntake(c *net.TCPConn, r *room) (*intake, error) { return &intake{c, r}, nil }

func (in *intake) receive() (*buffer, error) {
	buf := in.room.obtain(largest)
	n, err := in.socket.Read(buf.data[:largest])
	if err != nil {
		in.room.release(buf)
		return nil, err
	}
	buf.data = buf.data[:n]
	return buf, nil
}
