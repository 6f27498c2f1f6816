package fabric

import (
	"net"
	"os"
	"syscall"
	"time"
)

// write sends bytes on their way and waits only for room.
func (h *half) write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.send(b)
}

// send is write with h.mu held.
func (h *half) send(b []byte) (n int, err error) {
	for n < len(b) {
		now, s, err := h.vacancy()
		if err != nil {
			return n, err
		}
		n += h.push(b[n:], s, now)
	}
	return n, nil
}

// hand is write for a writer who gives his buffer away. Only a well-filled one travels as it is: many that hold a few
// bytes each would make the window's worth of memory a hundredfold.
func (h *half) hand(buf *buffer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, s, err := h.vacancy()
	if err == nil && s.bandwidth == 0 && 2*len(buf.data) >= cap(buf.data) {
		h.enqueue(buf, h.stamp(len(buf.data), s, now), s)
		return nil
	}
	if err == nil {
		_, err = h.send(buf.data)
	}
	h.lane.room.release(buf)
	return err
}

// vacancy waits for room, with h.mu held.
func (h *half) vacancy() (time.Time, *shape, error) {
	for {
		now := time.Now()
		s := h.lane.shape.Load().at(now)
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
	h.size += len(buf.data) + overhead
	h.markLost(s)
	h.cond.Broadcast()
}

// stamp is the instant at which n bytes that leave now arrive.
func (h *half) stamp(n int, s *shape, now time.Time) time.Time {
	left := now.Add(-h.late)
	h.late = 0
	if s.bandwidth > 0 {
		left = later(left, h.free).Add(time.Duration(float64(n) / float64(s.bandwidth) * float64(time.Second)))
		h.free = left
	}
	h.last = later(h.last, left.Add(s.latency+h.lane.draw(s.jitter, now)))
	return h.last
}

// markLost remembers that bytes were in a hole that loses them.
func (h *half) markLost(s *shape) {
	if s.hole && s.lose && (len(h.queue) > 0 || h.fin) {
		h.pipe.lost.Store(true)
	}
}
