package fabric

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pipe is a connection through the fabric: two halves that two ends share.
type pipe struct {
	there, back half
	caller      end // who dialled
	callee      end

	name        string // of the host whose route it takes
	port        uint16 // the caller's
	route       *route // nil on canaries of links
	visit       *visit // of a canary; nil on everybody else's
	luck        float64
	byDoor      bool // it was dialled for a client of a door
	established atomic.Bool
	lost        atomic.Bool // a hole took it, for good
	open        atomic.Int32
	left        sync.Once
}

// newPipe joins two places; there is the lane of the dial, back that of the answers.
func newPipe(name string, there, back *lane, port uint16) *pipe {
	p := &pipe{name: name, port: port, luck: never}
	p.there.init(p, there)
	p.back.init(p, back)
	p.caller = end{pipe: p, in: &p.back, out: &p.there}
	p.callee = end{pipe: p, in: &p.there, out: &p.back}
	p.open.Store(2)
	there.enter(p)
	back.enter(p)
	return p
}

func (h *half) init(p *pipe, l *lane) {
	h.pipe, h.lane = p, l
	h.cond.L = &h.mu
}

// establish ends the dial. From here on the pipe is a standing connection; whoever puts a shape in force resets it, or
// is seen by the caller, who looks at the shape afterwards.
func (p *pipe) establish() *shape {
	p.there.mu.Lock()
	p.established.Store(true)
	p.there.mu.Unlock()
	return p.there.lane.shapeNow()
}

// fail ends both halves at once, as a reset does. It holds both: whoever saw one fail must not end the other in good
// order.
func (p *pipe) fail(err error) {
	p.there.mu.Lock()
	p.back.mu.Lock()
	p.there.fail(err)
	p.back.fail(err)
	p.back.mu.Unlock()
	p.there.mu.Unlock()
	p.leave()
}

// dropLost lets go of a pipe that is lost and of which one end has said its last: nothing will pass any more, and the
// other would wait for good.
func (p *pipe) dropLost() {
	if p.lost.Load() && (p.there.ended() || p.back.ended()) {
		p.fail(syscall.ECONNRESET)
	}
}

// leave takes the pipe off its lanes.
func (p *pipe) leave() {
	p.left.Do(func() {
		p.there.lane.leave(p)
		p.back.lane.leave(p)
	})
}

// end is one end of a pipe: a net.Conn that can be closed by halves.
type end struct {
	pipe    *pipe
	in, out *half
	closed  atomic.Bool
}

var _ net.Conn = (*end)(nil)

func (e *end) Read(b []byte) (int, error)  { return e.in.read(b) }
func (e *end) Write(b []byte) (int, error) { return e.out.write(b) }

// CloseWrite ends the stream; what was written still arrives, and the answers still can.
func (e *end) CloseWrite() error {
	e.out.finish()
	e.pipe.dropLost()
	return nil
}

// Close ends the stream and reads no more. What was written still arrives.
func (e *end) Close() error {
	if e.closed.Swap(true) {
		return net.ErrClosed
	}
	e.in.abandon()
	e.out.finish()
	if e.pipe.open.Add(-1) == 0 {
		e.pipe.fail(net.ErrClosed)
	}
	e.pipe.dropLost()
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	e.in.by(&t, nil)
	e.out.by(nil, &t)
	return nil
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.by(&t, nil)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.by(nil, &t)
	return nil
}

func (e *end) LocalAddr() net.Addr  { return e.pipe.addr(e == &e.pipe.caller) }
func (e *end) RemoteAddr() net.Addr { return e.pipe.addr(e == &e.pipe.callee) }

func (p *pipe) addr(caller bool) net.Addr {
	if caller {
		return addr{p.there.lane.key.from, p.port}
	}
	return addr{p.name, edgePort}
}

// addr is a place, or a host, and a port: what a server sees as the address of its client.
type addr struct {
	name string
	port uint16
}

func (addr) Network() string  { return "fabric" }
func (a addr) String() string { return net.JoinHostPort(a.name, strconv.Itoa(int(a.port))) }
