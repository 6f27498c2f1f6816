package fabric

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	window     = 1 << 20              // bytes that wait in one direction before its writer does
	largest    = 128 << 10            // bytes of a segment
	paced      = 16 << 10             // bytes of a segment where bandwidth is limited, or one would fill the window
	creditable = 2 * time.Millisecond // lateness of one wake-up that is made good
)

// segment is bytes on their way, and the instant at which they arrive.
type segment struct {
	buf *buffer
	off int // bytes already read
	due time.Time
}

// half is one direction of a pipe: a queue of segments between a writer and a reader. Nothing here runs by itself: a
// reader sleeps until the first segment is due, and the only timer just wakes it.
type half struct {
	pipe *pipe
	lane *lane

	mu     sync.Mutex
	cond   sync.Cond
	timer  *time.Timer
	wake   time.Time // what timer is set to; zero: it is not
	queue  []segment
	size   int       // bytes in queue
	last   time.Time // due of the newest segment: a stream keeps its order
	free   time.Time // when the limited bandwidth has room again
	fin    bool      // the writer is done
	finDue time.Time
	gone   bool // the reader is done
	err    error
	readBy time.Time // deadlines
	sendBy time.Time
	credit time.Duration // how late the writer's end was handed what it answers
}

// read waits for bytes to arrive.
func (h *half) read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	now, late, err := h.await()
	if err != nil {
		return 0, err
	}
	n := h.pop(b, now)
	h.mu.Unlock()
	h.opposite().owe(late)
	return n, nil
}

// take is read for a reader who can use a whole segment: the bytes from the offset on, without a copy. The buffer is
// the reader's to release.
func (h *half) take() (*buffer, int, error) {
	_, late, err := h.await()
	if err != nil {
		return nil, 0, err
	}
	s := h.queue[0]
	h.drop(1)
	h.shrink(len(s.buf.data) - s.off)
	h.mu.Unlock()
	h.opposite().owe(late)
	return s.buf, s.off, nil
}

// await waits until the first segment has arrived, and then returns with h.mu held, which an error releases. It tells
// the time, and how late it is.
func (h *half) await() (now time.Time, late time.Duration, err error) {
	h.mu.Lock()
	for waited := false; ; waited = true {
		now = time.Now()
		s := h.lane.shape.Load()
		due, err := h.look(s, now)
		switch {
		case err == errArrived && h.cuts(s):
			h.mu.Unlock()
			h.pipe.fail(syscall.ECONNRESET)
			return now, 0, syscall.ECONNRESET
		case err == errArrived && waited:
			return now, lateness(now, h.queue[0].due, s.since), nil
		case err == errArrived:
			return now, 0, nil
		case err != nil:
			h.mu.Unlock()
			return now, 0, err
		}
		h.wait(now, due, h.readBy)
	}
}

// errArrived is what look says when there are bytes to read.
var errArrived = errors.New("fabric: bytes have arrived")

// look is what a reader finds now: bytes, an error, or the instant at which to look again, zero where only a change
// can help. A hole holds even the end of the stream.
func (h *half) look(s *shape, now time.Time) (time.Time, error) {
	switch {
	case h.err != nil:
		return time.Time{}, h.err
	case h.gone:
		return time.Time{}, net.ErrClosed
	case past(h.readBy, now):
		return time.Time{}, os.ErrDeadlineExceeded
	case s.hole || h.pipe.lost.Load():
		return time.Time{}, nil
	case len(h.queue) > 0 && !h.queue[0].due.After(now):
		return time.Time{}, errArrived
	case len(h.queue) > 0:
		return h.queue[0].due, nil
	case h.fin && !h.finDue.After(now):
		return time.Time{}, io.EOF
	case h.fin:
		return h.finDue, nil
	}
	return time.Time{}, nil
}

// cuts tells whether bytes that arrive reset their connection. The rule acts on connections dialled along its edge, and
// lets the dial itself pass.
func (h *half) cuts(s *shape) bool {
	return s.reset && h == &h.pipe.there && h.pipe.established.Load()
}

// lateness of a reader who was waiting: by how much the timer or the scheduler overslept. What a hole held was not late.
func lateness(now, due, since time.Time) time.Duration {
	if since.After(due) {
		due = since
	}
	return min(now.Sub(due), creditable)
}

// owe lets the answer set out as if the bytes that it answers had been handed over in time.
func (h *half) owe(late time.Duration) {
	if late <= 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.credit = late
}

// pop moves what has arrived into b.
func (h *half) pop(b []byte, now time.Time) int {
	n, k := 0, 0
	for k < len(h.queue) && n < len(b) && !h.queue[k].due.After(now) {
		s := &h.queue[k]
		m := copy(b[n:], s.buf.data[s.off:])
		n += m
		s.off += m
		if s.off == len(s.buf.data) {
			h.lane.room.release(s.buf)
			s.buf = nil
			k++
		}
	}
	h.drop(k)
	h.shrink(n)
	return n
}

// shrink makes room for a writer.
func (h *half) shrink(n int) {
	full := h.size >= window
	h.size -= n
	if full {
		h.cond.Broadcast()
	}
}

// drop takes the first k segments off the queue. An empty queue keeps no memory worth mentioning.
func (h *half) drop(k int) {
	if k < len(h.queue) {
		copy(h.queue, h.queue[k:])
	}
	clear(h.queue[len(h.queue)-k:])
	h.queue = h.queue[:len(h.queue)-k]
	if len(h.queue) == 0 && cap(h.queue) > 16 {
		h.queue = nil
	}
}

// write sends bytes on their way and waits only for room.
func (h *half) write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n := 0; ; {
		now, s, err := h.vacancy()
		if err != nil || n == len(b) {
			return n, err
		}
		n += h.push(b[n:], s, now)
	}
}

// hand is write for a writer who gives his buffer away. Only a well-filled one travels as it is: many that hold a few
// bytes each would make the window's worth of memory a hundredfold.
func (h *half) hand(buf *buffer) error {
	h.mu.Lock()
	now, s, err := h.vacancy()
	if err == nil && s.bandwidth == 0 && 2*len(buf.data) >= cap(buf.data) {
		h.enqueue(buf, h.stamp(len(buf.data), s, now), s)
		h.mu.Unlock()
		return nil
	}
	h.mu.Unlock()
	if err == nil {
		_, err = h.write(buf.data)
	}
	h.lane.room.release(buf)
	return err
}

// vacancy waits for room, with h.mu held.
func (h *half) vacancy() (time.Time, *shape, error) {
	for {
		now := time.Now()
		s := h.lane.shape.Load()
		switch {
		case h.err != nil:
			return now, s, h.err
		case h.fin:
			return now, s, net.ErrClosed
		case past(h.sendBy, now):
			return now, s, os.ErrDeadlineExceeded
		case h.gone && !s.hole && !h.pipe.lost.Load():
			return now, s, syscall.EPIPE
		case h.size < window && !h.gone:
			return now, s, nil
		}
		h.wait(now, h.sendBy)
	}
}

// push stamps at most one segment with the instant at which it arrives.
func (h *half) push(b []byte, s *shape, now time.Time) int {
	if s.bandwidth > 0 && len(b) > paced {
		b = b[:paced]
	}
	b = b[:min(len(b), largest)]
	due := h.stamp(len(b), s, now)
	if tail := len(h.queue) - 1; tail >= 0 && h.queue[tail].due.Equal(due) && h.queue[tail].buf.fits(len(b)) {
		h.queue[tail].buf.add(b)
		h.size += len(b)
		return len(b)
	}
	buf := h.lane.room.obtain(len(b))
	buf.add(b)
	h.enqueue(buf, due, s)
	return len(b)
}

// enqueue sends a buffer on its way.
func (h *half) enqueue(buf *buffer, due time.Time, s *shape) {
	h.queue = append(h.queue, segment{buf: buf, due: due})
	h.size += len(buf.data)
	h.meet(s)
	h.cond.Broadcast()
}

// stamp is the instant at which n bytes that leave now arrive.
func (h *half) stamp(n int, s *shape, now time.Time) time.Time {
	left := now.Add(-h.credit)
	h.credit = 0
	if s.bandwidth > 0 {
		left = later(left, h.free).Add(time.Duration(float64(n) / float64(s.bandwidth) * float64(time.Second)))
		h.free = left
	}
	h.last = later(h.last, left.Add(s.latency+h.lane.draw(s.jitter, now)))
	return h.last
}

// meet remembers that bytes were in a hole that loses them.
func (h *half) meet(s *shape) {
	if s.hole && s.lose && (len(h.queue) > 0 || h.fin) {
		h.pipe.lost.Store(true)
	}
}

// finish ends the stream after what was written.
func (h *half) finish() {
	h.mu.Lock()
	if !h.fin && h.err == nil {
		s := h.lane.shape.Load()
		h.fin = true
		h.finDue = h.stamp(0, s, time.Now())
		h.meet(s)
		h.cond.Broadcast()
	}
	h.mu.Unlock()
	if h.pipe.lost.Load() {
		h.pipe.fail(syscall.ECONNRESET) // nothing will pass any more, and one side doesn't care: let go of the other
	}
}

// abandon is what a reader does who will read no more.
func (h *half) abandon() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
	h.empty()
	h.cond.Broadcast()
}

// fail ends the half at once, whatever is on its way.
func (h *half) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil {
		h.err = err
	}
	h.empty()
	if h.timer != nil {
		h.timer.Stop()
	}
	h.cond.Broadcast()
}

func (h *half) empty() {
	for _, s := range h.queue {
		h.lane.room.release(s.buf)
	}
	h.queue, h.size = nil, 0
}

// reshaped is told of a change of its lane.
func (h *half) reshaped(l *lane, s *shape) {
	if h.lane != l {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.meet(s)
	h.cond.Broadcast()
}

// opposite is the half that carries the answers.
func (h *half) opposite() *half {
	if h == &h.pipe.there {
		return &h.pipe.back
	}
	return &h.pipe.there
}

// wait sleeps until something changes or the earliest of the instants has come; a zero one never does.
func (h *half) wait(now time.Time, instants ...time.Time) {
	var first time.Time
	for _, t := range instants {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	if !first.IsZero() && (h.wake.IsZero() || first.Before(h.wake)) {
		h.wake = first
		if h.timer == nil {
			h.timer = time.AfterFunc(first.Sub(now), h.ring)
		} else {
			h.timer.Reset(first.Sub(now))
		}
	}
	h.cond.Wait()
}

func (h *half) ring() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wake = time.Time{}
	h.cond.Broadcast()
}

// by sets deadlines; nil leaves one as it is.
func (h *half) by(read, send *time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if read != nil {
		h.readBy = *read
	}
	if send != nil {
		h.sendBy = *send
	}
	h.cond.Broadcast()
}

// arrived tells whether there are bytes to read now, whatever the reader's deadline.
func (h *half) arrived() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readBy = time.Time{}
	_, err := h.look(h.lane.shape.Load(), time.Now())
	return err == errArrived
}

func past(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
